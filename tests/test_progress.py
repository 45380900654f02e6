"""The display of a run: stages, progress, the time left, how it ends."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from tgnas.workflow import progress
from tgnas.workflow.progress import Display, Places, Run, end_of, result_of, stages_of

ROOT = Path(__file__).parents[1]
SNAKEFILE = """
rule all:
    input: expand("results/{i}.txt", i=range(2))
include: "rules/make.smk"
"""
RULES = """
rule make:
    output: "results/{i}.txt"
    log: "logs/{i}.log"
    shell: "COMMAND"
"""
OUTPUT = """Building DAG of jobs...
Job stats:
job      count
-----  -------
make         4
all          1
total        5

[Thu Nov 26 16:11:19 2026]
localrule make:
    output: o/0.txt
    log: logs/0.log
    jobid: 1
    wildcards: i=0
a line of the job itself
[Thu Nov 26 16:11:20 2026]
Finished jobid: 1 (Rule: make)
1 of 5 steps (20%) done
"""
FAILURE = """Error in rule make:
    message: None
    jobid: 2
    log: {log} (check log file(s) for error details)
"""


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(text: str, run: Run | None = None) -> Run:
    run = run or Run()
    for line in text.splitlines(keepends=True):
        run.read(line)
    return run


def project(folder: Path, command: str) -> Path:
    (folder / "rules").mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "rules" / "make.smk").write_text(RULES.replace("COMMAND", command))
    return folder


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tgnas.workflow.progress", "--cores", "1", *options]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        # A job in a shell's background ignores Ctrl-C, and so would what it starts.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one thread
    )


def test_jobs_are_counted_by_what_snakemake_says():
    run = told(OUTPUT)
    assert run.jobs == {"make": 4, "all": 1}
    assert run.done == {"make": 1}
    assert run.running == {}
    assert run.total == 5


def test_the_time_left_follows_from_the_time_that_jobs_took():
    clock = Clock()
    run = Run(clock=clock)
    told("Job stats:\nmake 7\ntotal 7\n", run)
    for number in range(3):
        told(f"rule make:\n    jobid: {number}\n", run)
        clock.now += 10
        told(f"Finished jobid: {number} (Rule: make)\n", run)
    assert run.left() == pytest.approx(40)


def test_a_rule_that_has_not_run_is_as_long_as_it_usually_is():
    clock = Clock()
    run = Run({"train": 100.0}, clock)
    told("Job stats:\nmake 1\ntrain 1\ntotal 2\nrule make:\n    jobid: 0\n", run)
    assert run.left() is None
    clock.now = 10.0
    assert told("Finished jobid: 0 (Rule: make)\n", run).left() == pytest.approx(100)


def test_a_stage_is_a_file_of_rules_and_targets_are_none():
    stages = stages_of(ROOT)
    assert stages["all"] == ""
    assert {Path(name).stem.replace("_", " ") for name in (ROOT / "rules").glob("*.smk")} >= set(
        stages.values()
    ) - {""}


def test_every_rule_has_a_stage_in_a_loop_too():
    display = Display(Run(), stages_of(ROOT), Console())
    assert display.stage("import_scores_of_nasbench201") == "benchmarks"
    assert display.stage("train_on_digits") == display.stage("train_architecture")
    assert display.stage("all") == ""
    assert display.stage("no_rule") == "others"


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_every_stage_in_its_width(width):
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    display = Display(told(OUTPUT), {"all": "", "make": "score"}, console)
    console.print(display)
    lines = console.file.getvalue().splitlines()
    assert any(line.strip().startswith("score") and "1/4" in line for line in lines)
    assert "1 of 5 jobs" in lines[-1]
    assert max(map(len, lines)) <= width


def test_where_there_is_no_terminal_a_stage_that_is_done_is_a_line():
    console = Console(file=io.StringIO(), width=80)
    display = Display(Run(), {"make": "score"}, console)
    for line in OUTPUT.replace("make         4", "make         1").splitlines():
        display.read(line)
    assert "score: 1 done (1 of 2 jobs, " in console.file.getvalue()


def test_a_failed_job_is_told_with_its_error_and_its_log(tmp_path):
    log = tmp_path / "job.log"
    log.write_text("10:00 INFO tgnas x\n10:01 ERROR tgnas no such file\n10:02 INFO done\n")
    run = told(OUTPUT + FAILURE.format(log=log))
    first, last = end_of(run, 1, Places(tmp_path, tmp_path, ()), tmp_path / "run.log")
    assert first == f"failed: make: 10:01 ERROR tgnas no such file (log: {log})"
    assert "the same command goes on from there" in last
    assert "run.log" in last


def test_a_locked_folder_is_told_with_what_to_do(tmp_path):
    run = told("LockException:\nError: Directory cannot be locked. Please make sure ...\n")
    (line,) = end_of(run, 1, Places(tmp_path, tmp_path, ()), tmp_path / "run.log")
    assert "make unlock" in line


def test_the_result_is_read_from_a_table_of_the_run(tmp_path):
    (tmp_path / "tables").mkdir()
    header = "method,title,dataset,population,subset,measure,mean,architectures\n"
    rows = [
        "code,the authors' code,cifar10,all,all,kendall_tau,0.5512,15625",
        "canonical,canonical graph (ours),cifar10,all,all,kendall_tau,0.61,15625",
        "canonical,canonical graph (ours),cifar10,all,top,kendall_tau,0.1,15625",
        "params,#params,cifar10,all,all,kendall_tau,0.6,15625",
    ]
    (tmp_path / "tables" / "ranking_nasbench201.csv").write_text(header + "\n".join(rows))
    assert result_of(Places(tmp_path, tmp_path, Places.of([]).tables)) == (
        "Kendall's tau (cifar10, 15,625 architectures): the authors' code 0.551; "
        "canonical graph (ours) 0.610; #params 0.600"
    )


@pytest.mark.parametrize("name", ["demo", "smoke"])
def test_the_places_of_a_run_are_those_of_its_config(name):
    places = Places.of(["--cores", "1", "--configfile", str(ROOT / f"config/{name}.yaml")])
    assert places.results == Path("results") / name
    assert places.logs != Places.of(["--cores", "1"]).logs


def test_the_published_run_says_how_long_rules_usually_take():
    assert progress.usual_seconds(ROOT, ["--cores", "2"])
    assert progress.usual_seconds(ROOT, ["--configfile", "config/demo.yaml"]) == {}
    assert json.loads((ROOT / "results/paper/provenance.json").read_text())["seconds"]


def test_a_run_ends_with_what_was_made_and_its_output_is_in_one_log(tmp_path):
    process = start(project(tmp_path, "echo noise; echo x > {output}"))
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "3 of 3 jobs done" in text
    assert "made: " in text
    assert "noise" not in text
    (log,) = (tmp_path / "logs").glob("run-*.log")
    assert log.read_text().count("noise") == 2
    again = start(tmp_path)
    assert "nothing to be done" in again.communicate(timeout=60)[0]
    assert again.returncode == 0


def test_a_failure_passes_its_exit_code_on(tmp_path):
    process = start(project(tmp_path, "echo 10:00 ERROR tgnas the cause > {log}; exit 3"))
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "failed: make: 10:00 ERROR tgnas the cause (log: logs/" in text


def test_a_wrong_option_passes_its_exit_code_on(tmp_path):
    process = start(project(tmp_path, "touch {output}"), "--no-such-option")
    assert "failed: " in process.communicate(timeout=60)[0]
    assert process.returncode == 2


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_what_ends_the_display_ends_the_jobs_and_frees_the_folder(tmp_path, kind):
    process = start(project(tmp_path, "echo $$ > pid; sleep 60; touch {output}"))
    while not (tmp_path / "pid").is_file():
        time.sleep(0.05)
    process.send_signal(kind)
    text, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    if kind == signal.SIGINT:
        assert process.returncode == progress.INTERRUPTED
        assert "interrupted: 0 of 3 jobs done" in text
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert not list(tmp_path.glob(".snakemake/locks/*"))


@pytest.mark.parametrize("text", ["seeds: [", "a: " + "[" * 10_000, "seeds: " + "1" * 5_000])
def test_a_config_that_cannot_be_read_is_one_line_before_anything_starts(tmp_path, text):
    (tmp_path / "own.yaml").write_text(text)
    said = io.StringIO()
    console = Console(file=said, width=200)
    assert progress.main(["--configfile", str(tmp_path / "own.yaml")], console) == 1
    assert said.getvalue().startswith(str(tmp_path / "own.yaml"))
    assert said.getvalue().count("\n") == 1
