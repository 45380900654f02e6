"""Run Snakemake and show people stages, progress, the time left, and in the end what was made.

``python -m tgnas.workflow.progress OPTIONS`` takes Snakemake's options and ends with its exit code.
All that Snakemake and the jobs write goes into one log file; a stage is a file of ``rules/``.
"""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import IO, NamedTuple

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from tgnas.errors import TgnasError, number_of
from tgnas.validation import read_keys

INTERRUPTED = 130
EVERY = 20  # seconds between two lines where no terminal redraws them
_HEADER = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):$")
_FINISHED = re.compile(r"^Finished jobid: (\d+) \(Rule: (\w+)\)$")
_FAILED = re.compile(r"^Error in (?:rule|checkpoint) (\w+):$")
_COUNT = re.compile(r"^(\w+) +(\d+)$")
_LOG = re.compile(r"^    log: (.+?) \(check log file")
_RULE = re.compile(
    r"^\s*(?:(?:use )?(?:rule|checkpoint) (?:\w+ as )?(\w+)(?: with)?:|name:\s*f\"(\w+)\{)",
    re.MULTILINE,
)
_INCLUDE = re.compile(r'^\s*include: "(.+)"', re.MULTILINE)


@dataclass(eq=False)
class Run:
    """What Snakemake has told of a run so far; jobs are counted by rule."""

    usual: Mapping[str, float] = field(default_factory=dict)  # seconds of a job in an earlier run
    clock: Callable[[], float] = time.monotonic
    jobs: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    running: dict[int, tuple[str, float]] = field(default_factory=dict)  # number -> rule, start
    failed: list[tuple[str, str]] = field(default_factory=list)  # rule and log file
    locked: bool = False  # by another run
    last: str = ""  # line that is not about a job
    _seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _rule: str = ""
    _counting: bool = False

    def __post_init__(self) -> None:
        self.start = self.clock()

    def read(self, line: str) -> None:
        """Take in a line of Snakemake's output."""
        line = line.rstrip()
        if line == "Job stats:":
            self._counting = True
            self.jobs.clear()
        elif self._counting:
            if (match := _COUNT.match(line)) and match[1] != "total":
                self.jobs[match[1]] = int(match[2])
            self._counting = bool(line) and not line.startswith("total ")
        elif match := _HEADER.match(line):
            self._rule = match[1]
        elif line.startswith("    jobid: ") and self._rule:
            self.running[int(line.split()[-1])] = (self._rule, self.clock())
            self._rule = ""
        elif match := _FINISHED.match(line):
            self.done[match[2]] += 1
            _, begun = self.running.pop(int(match[1]), ("", self.clock()))
            self._seconds[match[2]].append(self.clock() - begun)
        elif match := _FAILED.match(line):
            self.failed.append((match[1], ""))
        elif (match := _LOG.match(line)) and self.failed and not self.failed[-1][1]:
            self.failed[-1] = (self.failed[-1][0], match[1].split(", ")[0])
        else:
            self.locked |= "cannot be locked" in line or line.startswith("LockException")
            self.last = line if line and not line.startswith(" ") else self.last

    @property
    def total(self) -> int:
        """How many jobs there are."""
        return self.jobs.total()

    @property
    def elapsed(self) -> str:
        """The time since the start as mm:ss or h:mm:ss."""
        return str(timedelta(seconds=int(self.clock() - self.start))).removeprefix("0:")

    def left(self) -> float | None:
        """Return the seconds that are left, as what is done has gone; None where too little is."""
        everything = [seconds for of_rule in self._seconds.values() for seconds in of_rule]
        if len(everything) < 3 and not (everything and self.usual):
            return None
        typical = {rule: self.usual.get(rule, mean(everything)) for rule in self.jobs}
        typical |= {rule: mean(seconds) for rule, seconds in self._seconds.items()}
        ahead = sum(typical[rule] * (self.jobs[rule] - self.done[rule]) for rule in self.jobs)
        now = self.clock()
        begun = sum(min(now - start, typical.get(rule, 0)) for rule, start in self.running.values())
        behind = sum(everything) + begun
        return (now - self.start) * max(0.0, ahead - begun) / behind if behind else None


def stages_of(folder: Path) -> dict[str, str]:
    """Return rule -> stage, in the order in which the Snakefile includes the files of rules.

    The Snakefile's own rules name what is to be made and have no stage: "". Of rules that a loop
    names, there is what their names begin with.
    """
    text = (folder / "Snakefile").read_text()
    return {name or begin: "" for name, begin in _RULE.findall(text)} | {
        name or begin: Path(file).stem.replace("_", " ")
        for file in _INCLUDE.findall(text)
        for name, begin in _RULE.findall((folder / file).read_text())
    }


def duration(seconds: float) -> str:
    """Return seconds as a person says them: "34 s", "12 min", "4 h 36 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


class Row(NamedTuple):
    """A stage that has jobs: how many are done, how many there are, and which rules run."""

    stage: str
    done: int
    jobs: int
    rules: str


@dataclass(eq=False)
class Display:
    """Stages of a run on a console: redrawn on a terminal, else lines."""

    run: Run
    stages: Mapping[str, str]  # rule -> stage
    console: Console
    _told: float = -EVERY
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stage(self, rule: str) -> str:
        """Return the stage of a rule."""
        begins = (name for name in self.stages if name.endswith("_") and rule.startswith(name))
        return self.stages.get(rule, self.stages.get(next(begins, ""), "others"))

    def rows(self) -> list[Row]:
        """Return the stages in their order."""
        jobs, done, running = Counter[str](), Counter[str](), defaultdict(list)
        for rule, count in self.run.jobs.items():
            jobs[self.stage(rule)] += count
            done[self.stage(rule)] += self.run.done[rule]
        for rule in dict.fromkeys(rule for rule, _ in self.run.running.values()):
            running[self.stage(rule)].append(rule)
        order = [stage for stage in dict.fromkeys([*self.stages.values(), "others"]) if stage]
        return [
            Row(stage, done[stage], jobs[stage], ", ".join(running[stage]))
            for stage in order
            if jobs[stage]
        ]

    def state(self) -> str:
        """Return how far the run is, in a line."""
        run, left = self.run, self.run.left()
        if not run.total:
            return f"{run.elapsed}  finding out what is to be made"
        done = run.done.total()
        text = f"{done} of {number_of(run.total, 'job')}, {run.elapsed}"
        return text + (
            f", about {duration(left)} left" if left is not None and done < run.total else ""
        )

    def __rich__(self) -> Group:
        """Return what a terminal shows."""
        with self._lock:
            rows, state = self.rows(), self.state()
        table = Table.grid(
            Column(width=1),
            Column(no_wrap=True, max_width=20),
            Column(width=14),
            Column(justify="right", no_wrap=True),
            Column(no_wrap=True, overflow="ellipsis"),
            padding=(0, 1),
        )
        for stage, done, jobs, rules in rows:
            mark, style = ("✓", "dim") if done == jobs else ("▸", "bold") if rules else (" ", "")
            bar = ProgressBar(total=jobs, completed=done, width=14)
            table.add_row(mark, Text(stage, style), bar, f"{done}/{jobs}", Text(rules, "dim"))
        return Group(table, Text(state, "bold"))

    def read(self, line: str) -> None:
        """Take in a line; where nothing is redrawn, write one now and then."""
        with self._lock:
            complete = {row.stage for row in self.rows() if row.done == row.jobs}
            self.run.read(line)
            rows = self.rows()
        if self.console.is_terminal or not rows:
            return
        ended = [row for row in rows if row.done == row.jobs and row.stage not in complete]
        lines = [f"{row.stage}: {row.jobs} done ({self.state()})" for row in ended]
        if not lines and self.run.clock() - self._told >= EVERY:
            lines = [self.state()]
        for text in lines:
            self.console.print(text, soft_wrap=True)
            self._told = self.run.clock()


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run writes results and logs; the tables that its config names come first."""

    results: Path
    logs: Path
    tables: tuple[str, ...]

    @classmethod
    def of(cls, arguments: Sequence[str]) -> "Places":
        """Return the places that the config files among Snakemake's options name.

        Raises:
            ConfigError: a file holds no keys, or asks for too much; Snakemake would trace it.
        """
        paths, tables = {"results": "results", "logs": "logs"}, ["ranking_nasbench201"]
        for option, value in pairwise(arguments):
            if option in ("--configfile", "--configfiles") and Path(value).is_file():
                content = read_keys(Path(value))
                pathvars = content.get("pathvars")
                named = pathvars.items() if isinstance(pathvars, dict) else ()
                paths |= {k: v for k, v in named if k in paths and isinstance(v, str)}
                listed = content.get("tables")
                tables += map(str, listed if isinstance(listed, list) else ())
        return cls(Path(paths["results"]), Path(paths["logs"]), tuple(tables))


def result_of(places: Places) -> str | None:
    """Return the run's main result: Kendall's tau of its first predictors and of the parameters."""
    for name in places.tables:
        path = places.results / "tables" / f"{name}.csv"
        if not path.is_file():
            continue
        with path.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row.get("measure") == "kendall_tau"]
        whole = [row for row in rows if (row["population"], row["subset"]) == ("all", "all")]
        of_first = [row for row in whole if row["dataset"] == whole[0]["dataset"]]
        ours = [row for row in of_first if "(ours)" in row["title"]][:1]
        counted = [row for row in of_first if row["method"] == "params"]
        if of_first:
            shown = {row["title"]: row["mean"] for row in (of_first[0], *ours, *counted)}
            texts = [f"{title} {float(value):.3f}" for title, value in shown.items()]
            about = (
                f"{of_first[0]['dataset']}, "
                f"{number_of(int(of_first[0]['architectures']), 'architecture')}"
            )
            return f"Kendall's tau ({about}): {'; '.join(texts)}"
    return None


def made_in(places: Places) -> list[str]:
    """Return the lines that a finished run ends with."""
    folders = {"tables": "*.csv", "figures": "*.png"}
    counts = {n: len(list((places.results / n).glob(glob))) for n, glob in folders.items()}
    summary = " and ".join(f"{count} {name}" for name, count in counts.items() if count)
    lines = [f"made: {summary or 'what was asked for'} in {places.results}/"]
    lines += [line] if (line := result_of(places)) else []
    report = places.results / "report.html"
    return [*lines, *([f"report: {report} (open it in a browser)"] if report.is_file() else [])]


def fault_in(log: str) -> str:
    """Return the line of a job's log that says what was wrong."""
    try:
        lines = [line for line in Path(log).read_text(errors="replace").splitlines() if line]
    except OSError:
        return ""
    errors = [line for line in lines if " ERROR " in line and not line.endswith(" failed")]
    return (errors or lines or [""])[-1][-300:]


def end_of(run: Run, code: int, places: Places, log: Path) -> list[str]:
    """Return what people are told at the end of a run."""
    took = f"{run.done.total()} of {number_of(run.total, 'job')} done in {run.elapsed}"
    again = "the same command goes on from there"
    if code == 0:
        return [took if run.total else "nothing to be done: all is up to date", *made_in(places)]
    if code == INTERRUPTED:
        return [f"interrupted: {took}; {again}"]
    if run.locked:
        return [
            "another run works in this folder, or one was killed: wait for it, or, if there is "
            f"none, `make unlock` and the same command again; details: {log}"
        ]
    lines = [f"failed: {rule}: {fault_in(at)} (log: {at or log})" for rule, at in run.failed]
    lines = lines or [f"failed: {run.last}"]
    return [*lines, f"{took}; when it is mended, {again}; details: {log}"]


@contextmanager
def _forwarded(group: int) -> Iterator[None]:
    """Hand on to a process group what asks this process to end; a terminal's closing counts."""
    with ExitStack() as handlers:
        for kind in (signal.SIGTERM, signal.SIGHUP):
            before = signal.signal(kind, lambda number, _frame: os.killpg(group, number))
            handlers.callback(signal.signal, kind, before)
        yield


def follow(output: IO[str], show: Callable[[str], None], log: IO[str], group: int) -> bool:
    """Show all lines of a process group, and tell whether it was interrupted."""
    interrupted = False
    while True:
        try:
            for line in output:
                log.write(line)
                log.flush()
                show(line)
            return interrupted
        except KeyboardInterrupt:
            # The first asks Snakemake to end its jobs and to free the folder; a second insists.
            os.killpg(group, signal.SIGTERM if interrupted else signal.SIGINT)
            interrupted = True


def usual_seconds(folder: Path, arguments: Sequence[str]) -> dict[str, float]:
    """Return seconds of a job of each rule in the published run, for a run of its config."""
    if any(argument.startswith("--configfile") for argument in arguments):
        return {}
    try:
        rows = json.loads((folder / "results/paper/provenance.json").read_text())["seconds"]
        return {rule: row["seconds"] / row["jobs"] for rule, row in rows.items()}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def main(arguments: Sequence[str], console: Console | None = None) -> int:
    """Run Snakemake with its options; return its exit code."""
    console, folder = console or Console(highlight=False), Path.cwd()
    try:
        places = Places.of(arguments)
    except TgnasError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return 1
    places.logs.mkdir(parents=True, exist_ok=True)
    path = places.logs / f"run-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
    run = Run(usual_seconds(folder, arguments))
    display = Display(run, stages_of(folder), console)
    live = Live(display, console=console, refresh_per_second=2)
    with (
        path.open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--nocolor", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches it once, by `follow`
        ) as process,
        _forwarded(process.pid),
        live if console.is_terminal else nullcontext(),
    ):
        assert process.stdout is not None
        interrupted = follow(process.stdout, display.read, log, process.pid)
        code = process.wait()
    code = INTERRUPTED if interrupted else code
    for line in end_of(run, code, places, path):
        console.print(line, markup=False, soft_wrap=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
