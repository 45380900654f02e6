"""Seconds from Ctrl-C, or a batch system's SIGTERM, to the end of building NAS-Bench-101.

The rule's script runs as its command, is signalled at a random moment of its work, and is waited
for with all that it has started. What it would have written must not be there, nor what it had
begun. It reads the files that ``snakemake fetch`` or a mirror gives.

    python benchmarks/interrupting.py --trials 6
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

from tgnas.registry import BENCHMARKS
from tgnas.resources.fetch import fetch, mirror_folders, read_resources

ROOT = Path(__file__).parents[1]
BENCHMARK = "nasbench101"


def gone(group: int) -> bool:
    """Tell whether no process of a group is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return False
    return True


def ended(command: list[str], after: float, asked: signal.Signals) -> float:
    """Return the seconds that a command and its processes took to end when they were asked to."""
    with subprocess.Popen(
        command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        time.sleep(after)
        if process.poll() is not None:
            raise SystemExit(f"it ended by itself, with {process.returncode}, before {after:.1f} s")
        begin = time.perf_counter()
        # A terminal's Ctrl-C reaches all processes of the group, a SIGTERM the first.
        (os.killpg if asked == signal.SIGINT else os.kill)(process.pid, asked)
        while process.poll() is None or not gone(process.pid):
            time.sleep(0.005)
        return time.perf_counter() - begin


def main() -> None:
    """Print the seconds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--between", type=float, nargs=2, default=[6.0, 20.0], help="seconds")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    draw, took = random.Random(given.seed), {"SIGINT": [], "SIGTERM": []}
    sheet = read_resources(ROOT / "config/resources.tsv")
    with tempfile.TemporaryDirectory() as folder:
        names = BENCHMARKS.module(BENCHMARK).SOURCES
        sources = [
            fetch(sheet[name], ROOT / "resources", mirror_folders([]), sheet=sheet)
            for name in names
        ]
        table = Path(folder) / f"{BENCHMARK}.arrow"
        command = [sys.executable, str(ROOT / "workflow/scripts/build_benchmark.py")]
        command += ["--benchmark", BENCHMARK, "--table", str(table)]
        command += ["--sources", *map(str, sources)]
        for number in range(given.trials):
            asked = (signal.SIGINT, signal.SIGTERM)[number % 2]
            took[asked.name].append(ended(command, draw.uniform(*given.between), asked))
            left = sorted(path.name for path in Path(folder).iterdir())
            if left:
                raise SystemExit(f"it left {', '.join(left)}")
    seconds = {name: [round(one, 2) for one in each] for name, each in took.items()}
    each = [one for part in seconds.values() for one in part]
    print(json.dumps({"median": median(each), "longest": max(each), "seconds": seconds}, indent=2))


if __name__ == "__main__":
    main()
