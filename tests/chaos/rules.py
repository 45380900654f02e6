"""The same for rules of the workflow: a copy of the project, in which Snakemake is disturbed.

Every trial removes what a rule has written, has Snakemake make it again, does something bad
meanwhile, and then runs the same command undisturbed: what stands there must be equal to the byte.
"""

import ctypes
import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "README.md", "rules", "workflow", "config", "profiles", "src", "docs")
CONFIG = """
seeds: 1
predictors:
  digits_code: {epochs: 2, step_epochs: 1}
  digits_canonical: {epochs: 1, step_epochs: 1}
"""
STUCK = 240.0  # seconds
BOUNDING_SET, OVERRIDE_RIGHTS = 24, 1  # PR_CAPBSET_DROP and CAP_DAC_OVERRIDE of Linux


@dataclass(frozen=True)
class Rule:
    """A rule, what it writes and what it reads, relative to the project's folder."""

    name: str
    writes: str
    reads: str


BENCHMARK = "results/benchmarks/digits201.arrow"
WEIGHTS = "results/demo/predictors/digits_code/seed0/epochs.safetensors"
RULES = (
    Rule("build_benchmark", BENCHMARK, "src/tgnas/data/digits_bench.parquet"),
    Rule("train_predictor", WEIGHTS, "results/benchmarks/digits101.arrow"),
    Rule("score_with_predictor", "results/demo/scores/digits201/digits_code.parquet", WEIGHTS),
    Rule("score_with_graph_proxy", "results/demo/scores/digits201/params.parquet", BENCHMARK),
)


@dataclass
class Workflow:
    """A copy of the project whose rules are disturbed.

    Attributes:
        folder: where it stands.
        random: what draws moments, signals and bits.
        count: is told of each trial: what was done, to which rule, and what was lost.
    """

    folder: Path
    random: object
    count: Callable[[str, str, Sequence[str]], None]
    expected: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)  # bytes of what each writes
    seconds: float = 0.0  # that a run takes
    said: dict[int, IO[bytes]] = field(default_factory=dict)
    ends: list[float] = field(default_factory=list)  # seconds from a signal to the end

    def prepare(self) -> None:
        """Copy the project and have each rule's product made, undisturbed."""
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, self.folder / part, ignore=ignored)
            else:
                shutil.copy(ROOT / part, self.folder / part)
        (self.folder / "config/chaos.yaml").write_text(CONFIG)
        code, text = self.wait(self.start(*(rule.writes for rule in RULES)))
        assert code == 0, text[-3000:]
        for rule in RULES:
            self.expected[rule.name] = self.digest(rule)
            self.sizes[rule.name] = (self.folder / rule.writes).stat().st_size
        self.clear(RULES[1])
        begin = time.monotonic()
        self.wait(self.start(RULES[1].writes))
        self.seconds = time.monotonic() - begin  # most of it is Snakemake's and Python's start

    def start(
        self,
        *targets: str,
        before: Callable[[], object] | None = None,
        options: Sequence[str] = (),
    ) -> subprocess.Popen:
        """Start Snakemake in a session of its own."""
        command = [sys.executable, "-m", "snakemake", "--cores", "1", *options]
        command += ["--configfile", "config/demo.yaml", "config/chaos.yaml", "--", *targets]
        given = {"PYTHONPATH": str(self.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        given |= {"XDG_CACHE_HOME": str(self.folder / "cache")}
        said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the run has ended
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, **given},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before,  # noqa: PLW1509 - there is one thread
        )
        self.said[process.pid] = said
        return process

    def wait(self, process: subprocess.Popen) -> tuple[int, str]:
        """Return how a run ended and what it said; one that does not end is killed."""
        try:
            code = process.wait(STUCK)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        with self.said.pop(process.pid) as said:
            said.seek(0)
            return code, said.read().decode(errors="replace")

    def digest(self, rule: Rule) -> str:
        """Return the sha256 of what a rule wrote; nothing where it is not there."""
        path = self.folder / rule.writes
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""

    def clear(self, rule: Rule) -> None:
        """Remove what a rule wrote."""
        (self.folder / rule.writes).unlink(missing_ok=True)

    def whole(self, rule: Rule) -> list[str]:
        """Return what is wrong with what stands under an output's name; nothing may be there."""
        right = self.digest(rule) in ("", self.expected[rule.name])
        return [] if right else ["what stands under the name is not whole"]

    def unlock(self) -> list[str]:
        """Free the folder as `make unlock` does; return what is wrong with that."""
        code, text = self.wait(self.start(options=["--unlock"]))
        return [f"unlocking ended with {code}: {text[-300:]}"] * bool(code)

    def again(self, rule: Rule) -> list[str]:
        """Run the same command to its end; return what is not as if nothing had happened."""
        code, text = self.wait(self.start(rule.writes))
        faults = [f"the same command again ended with {code}: {text[-400:]}"] * bool(code)
        faults += ["again: another result"] * (self.digest(rule) != self.expected[rule.name])
        left = [p.name for p in (self.folder / rule.writes).parent.glob(".*.part")]
        return [*faults, *([f"left {left}"] if left else [])]

    # What is done to a run

    def kill(self, rule: Rule) -> None:
        """End it and its jobs with no warning; unlocked, the next run must not notice."""
        self.clear(rule)
        process = self.start(rule.writes)
        time.sleep(self.random.uniform(0, 1.1 * self.seconds))
        os.killpg(process.pid, signal.SIGKILL)
        self.wait(process)
        faults = [*self.whole(rule), *self.unlock()]
        self.count("kill -9", rule.name, [*faults, *self.again(rule)])

    def signal(self, rule: Rule) -> None:
        """Ask it to end as a terminal or a batch system does; it must need no unlocking."""
        self.clear(rule)
        process = self.start(rule.writes)
        time.sleep(self.random.uniform(1.0, 1.1 * self.seconds))
        begin, running = time.monotonic(), process.poll() is None
        if running and self.random.random() < 0.5:
            os.killpg(process.pid, signal.SIGINT)
        elif running:
            os.kill(process.pid, signal.SIGTERM)
        self.wait(process)
        self.ends += [time.monotonic() - begin] * running
        self.count("Ctrl-C, SIGTERM", rule.name, [*self.whole(rule), *self.again(rule)])

    def full_disk(self, rule: Rule) -> None:
        """Let no file grow beyond a part of what is to be written."""
        self.clear(rule)
        size = self.random.randrange(1, self.sizes[rule.name])

        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        code, _ = self.wait(self.start(rule.writes, before=limit))
        faults = self.whole(rule) + ["it ended with 0"] * (code == 0)
        faults += self.unlock()  # Snakemake's own lock may not have found a place
        self.count("full disk", rule.name, [*faults, *self.again(rule)])

    def read_only(self, rule: Rule) -> None:
        """Let it write into a folder where it may not, as root without the right to all."""
        self.clear(rule)
        place = (self.folder / rule.writes).parent
        place.chmod(0o555)

        def obey() -> None:
            ctypes.CDLL(None).prctl(BOUNDING_SET, OVERRIDE_RIGHTS, 0, 0, 0)

        code, text = self.wait(self.start(rule.writes, before=obey))
        place.chmod(0o755)
        faults = self.whole(rule) + ["it ended with 0"] * (code == 0)
        faults += [f"it does not say why: {text[-300:]}"] * ("ermission denied" not in text)
        self.count("read-only folder", rule.name, [*faults, *self.again(rule)])

    def two_at_once(self, rule: Rule) -> None:
        """Start it twice in one folder; the second says that the folder is locked."""
        self.clear(rule)
        first = self.start(rule.writes)
        time.sleep(self.random.uniform(0, self.seconds))
        second = self.start(rule.writes)
        ends = [self.wait(process) for process in (first, second)]
        faults = [
            f"ended with {code}: {text[-300:]}"
            for code, text in ends
            if code and "lock" not in text
        ]
        faults += ["none of both made it"] * all(code for code, _ in ends)
        self.count("two at once", rule.name, [*faults, *self.whole(rule), *self.again(rule)])

    def flipped_bit(self, rule: Rule) -> None:
        """Flip a bit of what it reads, whose times stay; it must say so and write nothing."""
        self.clear(rule)
        path = self.folder / rule.reads
        content, times = path.read_bytes(), path.stat()
        bit = self.random.randrange(8 * len(content))
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        code, text = self.wait(self.start(rule.writes))
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        faults = ["something was written"] * bool(self.digest(rule))
        faults += [f"bit {bit}: ended with {code}"] * (code == 0)
        faults += [f"bit {bit}: it is not named: {text[-300:]}"] * (path.name not in text)
        self.count("flipped bit of what it reads", rule.name, [*faults, *self.again(rule)])

    def run(self, seconds: float) -> None:
        """Try random things for so long."""
        kinds = [self.kill, self.signal, self.full_disk, self.read_only]
        kinds += [self.two_at_once, self.flipped_bit]
        end = time.monotonic() + seconds
        plan: list[tuple[Callable[[Rule], None], Rule]] = []
        while time.monotonic() < end:
            if not plan:  # each of each before any again
                plan = [(kind, rule) for kind in kinds for rule in RULES]
                self.random.shuffle(plan)
            kind, rule = plan.pop()
            kind(rule)
