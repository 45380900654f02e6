"""Jobs that are forked from a process with libraries are as those that are started anew."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SNAKEFILE = """
from tgnas.workflow.jobs import fork_jobs

NAMES = {names}

onstart:
    fork_jobs(len(list(workflow.dag.needrun_jobs())))

rule all:
    input: expand("{{name}}.json", name=NAMES)

rule job:
    output: "{{name}}.json"
    benchmark: "{{name}}.tsv"
    threads: lambda w: 2 if w.name == "two" else 1
    script: "job.py"
"""
JOB = """
import json, os, signal, sys
from multiprocessing import get_start_method
from pathlib import Path

held = sorted(name for name in ("torch", "tgnas.cell") if name in sys.modules)
name = snakemake.wildcards.name
if name == "refused":
    sys.exit(3)
if name == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
threads, place = os.environ["OMP_NUM_THREADS"], os.environ["TMPDIR"]
facts = {"held": held, "threads": threads, "tmpdir": place, "start": get_start_method()}
Path(snakemake.output[0]).write_text(json.dumps(facts))
"""


def run(folder: Path, names: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a workflow of one job for each name."""
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE.format(names=names))
    (folder / "job.py").write_text(JOB)
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--keep-going"]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run(command, check=False, cwd=folder, **output)


@pytest.mark.slow
def test_jobs_are_forked_with_libraries_and_without_the_projects_modules(tmp_path: Path):
    names = [*"abcdefg", "two"]
    done = run(tmp_path / "run", names)
    assert done.returncode == 0, done.stdout
    facts = {name: json.loads((tmp_path / f"run/{name}.json").read_text()) for name in names}
    assert facts["two"]["held"] == []  # started anew: libraries count their threads at their start
    assert facts["two"]["threads"] == "2"
    for name in "abcdefg":
        assert facts[name]["held"] == ["torch"]
        assert facts[name]["threads"] == "1"
        assert facts[name]["tmpdir"] == facts["two"]["tmpdir"]
        assert facts[name]["start"] == facts["two"]["start"]  # of processes that a job starts
        assert (tmp_path / f"run/{name}.tsv").read_text().startswith("s\t")


@pytest.mark.slow
def test_a_few_jobs_are_started_anew(tmp_path: Path):
    done = run(tmp_path / "run", ["a"])
    assert done.returncode == 0, done.stdout
    assert json.loads((tmp_path / "run/a.json").read_text())["held"] == []


@pytest.mark.slow
def test_a_forked_job_that_fails_or_is_killed_fails_alone(tmp_path: Path):
    done = run(tmp_path / "run", [*"abcdef", "refused", "killed"])
    assert done.returncode == 1
    assert "returned non-zero exit status 3" in done.stdout
    assert "died with <Signals.SIGKILL: 9>" in done.stdout
    assert sorted(path.stem for path in (tmp_path / "run").glob("*.json")) == list("abcdef")
