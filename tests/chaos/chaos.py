"""Kills, signals, full disks, read-only folders, flipped bits and two at once, by a seed.

Every trial runs a command that writes in a process of its own, does something bad to it, and counts
what was lost: a file under its name that is not whole, another result after the same command has
run again, a temporary file that stays, a traceback, a wrong exit code. Half of the time goes to
rules of the workflow (``rules.py``).

    python tests/chaos/chaos.py --seconds 3600 --seed 0 --write docs/reliability.md
"""

import argparse
import csv
import io
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rules import RULES, Workflow

os.environ["OMP_NUM_THREADS"] = "1"  # a process with threads cannot be forked
ROOT = Path(__file__).parents[2]
NOBODY = 65534
STUCK = 120.0  # seconds
MARK = "<!-- counts -->"


@dataclass(frozen=True)
class Command:
    """A command that writes one file, or a folder with several.

    Attributes:
        name: as the table says it.
        arguments: of the command; {out} is what is written, {input} what is read.
        suffix: of what is written.
        input: the file of the folder that is read.
        content: what must be equal when it has run again.
    """

    name: str
    arguments: str
    suffix: str
    input: str = "rows.csv"
    content: Callable[[Path], object] = Path.read_bytes


def _training(folder: Path) -> object:
    """Return what a training must repeat: all but the seconds."""
    rows = list(csv.DictReader(io.StringIO((folder / "history.csv").read_text())))
    return [{k: v for k, v in row.items() if "second" not in k} for row in rows]


CELL = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
COMMANDS = (
    Command("score", "score --space nasbench201 --architectures {input} --output {out}", ".csv"),
    Command(
        "score (Parquet)",
        "score --space nasbench201 --architectures {input} --output {out} --spread",
        ".parquet",
    ),
    Command("rank", "rank --space nasbench201 --architectures {input} --output {out}", ".jsonl"),
    Command(
        "evaluate",
        "evaluate --space nasbench201 --architectures {input} --accuracy-column accuracy "
        "--output {out}",
        ".json",
    ),
    Command(
        "train",
        "train --space nasbench201 --benchmark {input} --seeds 1 --epochs 2 --output {out}",
        ".safetensors",
        "few.csv",
    ),
    Command("describe", f"describe {CELL} --space nasbench201 --png {{out}}", ".png"),
    Command(
        "train-network",
        f"train-network --recipe {ROOT}/config/recipes/digits.yaml --architecture {CELL} "
        "--images . --set epochs=3 --output {out}",
        "",
        content=_training,
    ),
)


@dataclass
class Chaos:
    """Commands that are disturbed.

    Attributes:
        folder: where they read and write.
        random: what draws moments, signals and bits.
        tell: is told of each trial: what was done, to which command, and what was lost.
        seconds: that each takes undisturbed.
        said: what running ones say, by process.
        expected: what each must write, by name and input.
        ends: seconds from a signal to the end.
    """

    folder: Path
    random: object
    tell: Callable[[str, str, Sequence[str]], None]
    seconds: dict[str, float] = field(default_factory=dict)
    said: dict[int, int] = field(default_factory=dict)
    expected: dict[tuple[str, str], object] = field(default_factory=dict)
    ends: list[float] = field(default_factory=list)

    def prepare(self) -> None:
        """Write what the commands read, and run each once, undisturbed and where it may import."""
        import numpy as np  # noqa: PLC0415 - after the number of threads is set

        from tgnas.spaces.space import open_space  # noqa: PLC0415

        space = open_space("nasbench201")
        for name, count, seed in (("rows", 3000, 0), ("few", 60, 0), ("other", 3000, 1)):
            strings = space.format(space.sample(count, np.random.default_rng(seed)))
            rows = [f"{text},{n % 97}.5\n" for n, text in enumerate(strings)]
            (self.folder / f"{name}.csv").write_text("architecture,accuracy\n" + "".join(rows))
        self.folder.chmod(0o755)
        for command in COMMANDS:
            for given in dict.fromkeys([command.input, "other.csv"]):
                out = self.out(command)
                _call(self.arguments(command, out, given))  # here: what it imports stays
                self.expected[command.name, given] = command.content(out)
            start = time.monotonic()
            self.wait(self.start(command, self.out(command)))
            self.seconds[command.name] = time.monotonic() - start

    def out(self, command: Command) -> Path:
        """Return a place in a new folder, so that whatever is left there is this trial's."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        folder.chmod(0o755)
        return folder / f"out{command.suffix}"

    def arguments(self, command: Command, out: Path, given: str) -> list[str]:
        """Return the arguments of a command."""
        return command.arguments.format(out=out, input=self.folder / given).split()

    def start(
        self,
        command: Command,
        out: Path,
        given: str = "",
        before: Callable[[], object] = lambda: None,
        more: Sequence[str] = (),
    ) -> int:
        """Start a command in a process of its own; return its number."""
        arguments = [*self.arguments(command, out, given or command.input), *more]
        read, write = os.pipe()  # what it says is short enough to wait there
        process = os.fork()
        if process:
            os.close(write)
            self.said[process] = read
            return process
        code = 1
        try:
            for stream in (1, 2):
                os.dup2(write, stream)
            before()
            code = _call(arguments)
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def wait(self, process: int, limit: float = STUCK) -> tuple[int, str]:
        """Return how a process ended and what it said; one that does not end is killed."""
        end = time.monotonic() + limit
        while True:
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                with os.fdopen(self.said.pop(process), errors="replace") as stream:
                    text = stream.read()
                break
            if time.monotonic() > end:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                os.close(self.said.pop(process))
                return -1, f"did not end within {limit:.0f} s"
            time.sleep(0.005)
        return os.waitstatus_to_exitcode(status), text

    def count(self, kind: str, command: Command, faults: Sequence[str]) -> None:
        """Tell of a trial and what was lost in it."""
        self.tell(kind, command.name, faults)

    def run_again(self, command: Command, out: Path) -> list[str]:
        """Run a command to its end; return what is not as if nothing had happened."""
        code, text = self.wait(self.start(command, out))
        if code:
            return [f"the same command again ended with {code}: {text[-300:]}"]
        same = command.content(out) == self.expected[command.name, command.input]
        return [""] if same and not _temporary(out) else [f"again: same={same} {_temporary(out)}"]

    def whole(self, command: Command, out: Path, given: str = "") -> str:
        """Return what is wrong with what stands under an output's name; nothing may be there."""
        if not out.exists() or not command.suffix:
            return ""
        right = command.content(out) == self.expected[command.name, given or command.input]
        return "" if right else "what stands under the name is not whole"

    # What is done to a command

    def kill(self, command: Command) -> None:
        """End it with no warning at a random moment; the next run must not notice."""
        out = self.out(command)
        process = self.start(command, out)
        time.sleep(self.random.uniform(0, 1.1 * self.seconds[command.name]))
        os.kill(process, signal.SIGKILL)
        self.wait(process)
        self.count("kill -9", command, [self.whole(command, out), *self.run_again(command, out)])

    def signal(self, command: Command) -> None:
        """Ask it to end at a random moment; it must, at once, and tidy up."""
        out, asked = self.out(command), self.random.choice([signal.SIGINT, signal.SIGTERM])
        process = self.start(command, out)
        time.sleep(self.random.uniform(0.05, 1.1 * self.seconds[command.name]))
        os.kill(process, asked)
        begin = time.monotonic()
        code, text = self.wait(process)
        self.ends += [time.monotonic() - begin] * (code != 0)  # unless it had ended before
        faults = [self.whole(command, out)]
        faults += [f"{asked.name}: ended with {code}: {text[-300:]}"] * (code not in (0, 130, 143))
        faults += [f"{asked.name}: left {_temporary(out)}"] * bool(_temporary(out))
        self.count("Ctrl-C, SIGTERM", command, [*faults, *self.run_again(command, out)])

    def full_disk(self, command: Command) -> None:
        """Let no file grow beyond a part of what is to be written."""
        out, size = self.out(command), self.random.randrange(1, 1500)

        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        code, text = self.wait(self.start(command, out, before=limit))
        self.refused("full disk", command, out, code, text, whole=True)

    def read_only(self, command: Command) -> None:
        """Let it write into a folder where it may not."""
        out = self.out(command)
        out.parent.chmod(0o555)
        before = (lambda: os.seteuid(NOBODY)) if os.geteuid() == 0 else (lambda: None)
        start = time.monotonic()
        code, text = self.wait(self.start(command, out, before=before))
        late = time.monotonic() - start > 5 * self.seconds[command.name] + 5
        out.parent.chmod(0o755)
        self.refused("read-only folder", command, out, code, "late" if late else text)

    def refused(
        self, kind: str, command: Command, out: Path, code: int, text: str, whole: bool = False
    ) -> None:
        """Count a trial that must end with the code of the machine and one line."""
        wrote_all = whole and code == 0 and command.suffix
        faults = [f"ended with {code}: {text[-300:]}"] * (code != 3 and not wrote_all)
        faults += ["traceback"] * ("Traceback" in text)
        faults += ["late"] * (text == "late")
        faults += [f"left {_temporary(out)}"] * bool(_temporary(out))
        faults.append(self.whole(command, out))
        self.count(kind, command, [*faults, *self.run_again(command, out)])

    def two_at_once(self, command: Command) -> None:
        """Start it twice with one output; whoever says that it is done has written it whole."""
        out, inputs = self.out(command), [command.input, "other.csv"]
        processes = []
        for given in inputs:
            processes.append(self.start(command, out, given))
            time.sleep(self.random.uniform(0, self.seconds[command.name] / 2))
        ends = [self.wait(process) for process in processes]
        done = [given for given, (code, _) in zip(inputs, ends, strict=True) if code == 0]
        faults = [f"ended with {c}: {t[-300:]}" for c, t in ends if c not in (0, 3)]
        faults += ["the second does not say why"] * any(
            c == 3 and "is being written by process" not in t for c, t in ends
        )
        content = command.content(out) if out.exists() else None
        faults += ["none of both"] * (
            content not in [self.expected[command.name, given] for given in done]
        )
        faults += [f"left {_temporary(out)}"] * bool(_temporary(out))
        self.count("two at once", command, faults)

    def flipped_bit(self, command: Command) -> None:
        """Flip a bit of the weights that it reads; it must say so and write nothing."""
        from tgnas.inference import asked  # noqa: PLC0415

        out, weights = self.out(command), self.folder / "flipped.safetensors"
        content = bytearray((asked.own_folder() / "canonical.safetensors").read_bytes())
        bit = self.random.randrange(8 * len(content))
        content[bit // 8] ^= 1 << bit % 8
        weights.write_bytes(content)
        option = "--configuration" if command.name == "train" else "--predictor"
        code, text = self.wait(self.start(command, out, more=[option, str(weights)]))
        faults = [f"ended with {code}: {text[-300:]}"] * (code != 1)
        faults += ["traceback"] * ("Traceback" in text)
        faults += ["something was written"] * out.exists()
        self.count("flipped bit of weights", command, faults)

    def run(self, seconds: float) -> None:
        """Try random things for so long."""
        kinds = [self.kill, self.signal, self.full_disk, self.read_only, self.two_at_once]
        reading = [c for c in COMMANDS if c.name != "train-network"]
        end = time.monotonic() + seconds
        plan: list[tuple[Callable[[Command], None], Command]] = []
        while time.monotonic() < end:
            if not plan:  # each of each before any again
                plan = [(kind, command) for kind in kinds for command in COMMANDS]
                plan += [(self.flipped_bit, command) for command in reading]
                self.random.shuffle(plan)
            kind, command = plan.pop()
            kind(command)


@dataclass
class Counts:
    """What was tried, by what was done and to what, and what was lost."""

    tried: Counter = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    def __call__(self, kind: str, name: str, faults: Sequence[str]) -> None:
        """Count a trial and what was lost in it."""
        self.tried[kind, name] += 1
        self.lost += [f"{kind}: {name}: {fault}" for fault in faults if fault]

    def table(self, names: Sequence[str]) -> str:
        """Return the counts as Markdown: what was done, how often, and how often with a loss."""
        lines = ["| what was done | " + " | ".join(names) + " | lost |"]
        lines.append("|---|" + "---:|" * (len(names) + 1))
        for kind in sorted({kind for kind, name in self.tried if name in names}):
            lost = sum(
                fault.startswith(f"{kind}: {name}: ") for fault in self.lost for name in names
            )
            counts = [str(self.tried[kind, name] or "") for name in names]
            lines.append(f"| {kind} | " + " | ".join([*counts, str(lost)]) + " |")
        return "\n".join(lines)


def _call(arguments: Sequence[str]) -> int:
    """Run the command as its entry point does; return its exit code."""
    from tgnas.cli import main  # noqa: PLC0415

    sys.argv = ["tgnas", *arguments]
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _temporary(out: Path) -> list[str]:
    folders = [out.parent, *([out] if out.is_dir() else [])]
    return [p.name for f in folders for p in f.iterdir() if re.search(r"\.(part|lock)$", p.name)]


def trials(seconds: float, seed: int) -> tuple[Counts, dict[str, list[float]]]:
    """Return what so many seconds of a seed's trials found, and the seconds that signals took."""
    import random  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    counts = Counts()
    (folder / "commands").mkdir()
    (folder / "project").mkdir()
    # Snakemake first: what it starts are no forks of this process.
    workflow = Workflow(folder / "project", random.Random(seed), counts)
    commands = Chaos(folder / "commands", random.Random(seed), counts)
    try:
        folder.chmod(0o755)
        for half in (workflow, commands):
            half.prepare()
            half.run(seconds / 2)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(KeyError):
            del os.environ["XDG_CACHE_HOME"]
        if before is not None:
            os.environ["XDG_CACHE_HOME"] = before
    return counts, {"commands": commands.ends, "Snakemake and its job": workflow.ends}


def report(seconds: float, seed: int) -> tuple[Counts, str]:
    """Return the counts of a run, and the text that a page shows of them."""
    counts, ends = trials(seconds, seed)
    command = f"python tests/chaos/chaos.py --seconds {seconds:.0f} --seed {seed}"
    lines = [f"{counts.tried.total()} trials, {len(counts.lost)} losses (`{command}`)."]
    lines += [
        f"From Ctrl-C or SIGTERM to the end of {what}: {median(took):.1f} s (median), "
        f"{max(took):.1f} s (longest of {len(took)})."
        for what, took in ends.items()
        if took
    ]
    tables = [counts.table([part.name for part in parts]) for parts in (COMMANDS, RULES)]
    return counts, "\n\n".join(["\n".join(lines), *tables])


def main() -> None:
    """Print the table, or write it into a page; end with 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, help="a page with two marks of the table")
    given = parser.parse_args()
    counts, text = report(given.seconds, given.seed)
    if given.write:
        start, _, end = given.write.read_text().split(MARK)
        given.write.write_text(f"{start}{MARK}\n{text}\n{MARK}{end}")
    print(text)  # noqa: T201
    print(json.dumps(counts.lost, indent=2), file=sys.stderr)  # noqa: T201
    sys.exit(bool(counts.lost))


if __name__ == "__main__":
    main()
