"""A copy of the project in a folder of its own, in which a test may run and edit the workflow."""

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "README.md", "rules", "workflow", "config", "profiles", "src", "docs")
SMOKE = "config/smoke.yaml"
# Planning takes less long than importing what plans it, so that is imported once.
WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload(
    ["snakemake.cli", "nbformat", "torch", "pandas", "scipy.stats", "matplotlib.figure"]
)


@dataclass(frozen=True)
class Project:
    """A copy of everything that the workflow consists of.

    Attributes:
        folder: where the copy stands.
        mirrors: what its TGNAS_MIRROR names.
        config: what is laid over the full config.
    """

    folder: Path
    mirrors: str
    config: str = SMOKE

    @classmethod
    def copy(cls, folder: Path, mirrors: list[Path], config: str = SMOKE) -> "Project":
        """Copy the checkout, without what it made."""
        folder.mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns("*.egg-info")
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=ignored)
            elif source.exists():
                shutil.copy(source, folder / part)
        return cls.at(folder, mirrors, config)

    @classmethod
    def at(cls, folder: Path, mirrors: list[Path], config: str = SMOKE) -> "Project":
        """Return the copy that stands in a folder."""
        return cls(folder, os.pathsep.join(str(mirror.resolve()) for mirror in mirrors), config)

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a workflow run on the copy's config."""
        laid_over = ["--cores", "2", "--configfile", self.config]
        return [sys.executable, "-m", "snakemake", *laid_over, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which the copy's own modules are imported."""
        ours = {"PYTHONPATH": str(self.folder / "src"), "TGNAS_MIRROR": self.mirrors}
        return {**os.environ, **ours, "PYTHONDONTWRITEBYTECODE": ""}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the workflow; stdout holds all that it prints."""
        command = self.command(*arguments)
        with tempfile.NamedTemporaryFile("r") as output:
            process = WARM.Process(
                target=_snakemake, args=(command[3:], self.folder, self.environment, output.name)
            )
            process.start()
            process.join()
            return subprocess.CompletedProcess(command, process.exitcode or 0, output.read())

    def planned(self, *arguments: str) -> Counter[str]:
        """Return how many jobs of each rule a run would start."""
        done = self.run("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout
        table = re.search(r"^job +count\n[- ]+\n(.*?)^total", done.stdout, re.S | re.M)
        lines = table.group(1).splitlines() if table else []
        return Counter({rule: int(count) for rule, count in (line.split() for line in lines)})

    def run_and_kill(self, *arguments: str, when: Path, timeout: float = 120) -> None:
        """Start the workflow and kill it with all its jobs as soon as a file is there."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + timeout
        while not when.exists():
            assert process.poll() is None, f"the workflow ended before {when} was there"
            assert time.monotonic() < end, f"{when} was not there after {timeout} s"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def edit(self, path: str, old: str, new: str) -> "Edit":
        """Return a context in which a file of the copy reads otherwise."""
        return Edit(self.folder / path, old, new)


def be_tgnas(arguments: list[str]) -> None:
    """Be the command with one thread, in a process of ``WARM``."""
    import_module("torch").set_num_threads(1)
    sys.argv = ["tgnas", *arguments]
    import_module("tgnas.cli").main()


def _snakemake(
    arguments: list[str], folder: Path, environment: dict[str, str], output: str
) -> None:
    """Be ``python -m snakemake`` in a folder; all that it prints goes into a file."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path.insert(0, environment["PYTHONPATH"])
    sys.argv = ["snakemake", *arguments]
    with Path(output).open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    import_module("snakemake.cli").main()


class Edit:
    """A change of one file that is taken back at the end."""

    def __init__(self, path: Path, old: str, new: str) -> None:
        self.path, self.old, self.new = path, old, new

    def __enter__(self) -> None:
        self.text, self.times = self.path.read_text(), self.path.stat()
        assert self.old in self.text, f"{self.path} has no {self.old!r}"
        self.path.write_text(self.text.replace(self.old, self.new))

    def __exit__(self, *_: object) -> None:
        self.path.write_text(self.text)
        os.utime(self.path, ns=(self.times.st_atime_ns, self.times.st_mtime_ns))
