"""Architectures per second, CPU time and peak memory of ``tgnas score``, for files of any length.

Every count is a file of random architectures of a space, drawn with repetition, and a process of
its own. NAS-Bench-201 has 15,625 architectures, which are soon all known; those of DARTS (10^18)
and of NAS-Bench-101, here with 7 vertices and 9 edges, are nearly all new: `distinct` of them are.

    python benchmarks/streaming.py --space nasbench201 --format csv --counts 1000000 10000000
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from tgnas.inference.streaming import Writer
from tgnas.spaces.space import Space, open_space

DRAWN = 100_000  # architectures that are written at once
SEED = 0


def drawn(space: Space, count: int) -> Iterator[pa.Array]:
    """Yield `count` random architectures in parts."""
    generator = np.random.default_rng(SEED)
    small = space.size is not None and space.size <= DRAWN
    everything = _texts(space, _all_choices(space)) if small else []
    for start in range(0, count, DRAWN):
        size = min(DRAWN, count - start)
        if small:
            yield pa.array(everything).take(
                pa.array(generator.integers(len(everything), size=size))
            )
        elif space.choices:
            sizes = [len(options) for options in space.choices]
            yield pa.array(_texts(space, generator.integers(sizes, size=(size, len(sizes)))))
        else:
            yield pa.array(_random_cells(space, size, generator))


def _texts(space: Space, choices: np.ndarray) -> list[str]:
    return space.format(space.of_choices(choices))


def _all_choices(space: Space) -> np.ndarray:
    sizes = [len(options) for options in space.choices]
    return np.stack(np.unravel_index(np.arange(space.size or 0), sizes), axis=1)


def _random_cells(space: Space, count: int, generator: np.random.Generator) -> list[str]:
    """Return cells of 7 vertices, all on a path from input to output, with 9 edges."""
    target, source = np.tril_indices(7, k=-1)
    names, cells = list(space.operators), []
    while len(cells) < count:
        chosen = np.sort(generator.random((20_000, 21)).argpartition(9, axis=1)[:, :9], axis=1)
        whole = [
            (ends[chosen][:, :, None] == inner).any(axis=1).all(axis=1)
            for ends, inner in ((source, np.arange(6)), (target, np.arange(1, 7)))
        ]
        for row in chosen[whole[0] & whole[1]].tolist():
            inner = ",".join(names[i] for i in generator.integers(len(names), size=5))
            edges = ",".join(f"{source[i]}-{target[i]}" for i in row)
            cells.append(f"input,{inner},output;{edges}")
    return cells[:count]


def measured(space: str, form: str, count: int, threads: int, folder: Path) -> dict[str, float]:
    """Return what scoring `count` architectures took."""
    seen: set[bytes] = set()
    file, scores = folder / f"architectures.{form}", folder / f"scores.{form}"
    with file.open("wb") as stream:
        writer = Writer(stream, form)
        for texts in tqdm(drawn(open_space(space), count), f"{count:,} drawn", disable=None):
            writer.write(pa.table({"architecture": texts}))
            seen.update(blake2b(str(text).encode(), digest_size=8).digest() for text in texts)
        writer.close()
    command = [sys.executable, "-m", "tgnas", "score", "--space", space, "--threads", str(threads)]
    command += ["--architectures", str(file), "--output", str(scores)]
    start = time.perf_counter()
    process = os.posix_spawn(sys.executable, command, os.environ)
    _, status, used = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"tgnas score ended with {os.waitstatus_to_exitcode(status)}")
    cpu = used.ru_utime + used.ru_stime
    return {
        "architectures": count,
        "distinct": len(seen),
        "seconds": round(seconds, 1),
        "CPU seconds": round(cpu, 1),
        "architectures per second": round(count / seconds),
        "architectures per CPU second": round(count / cpu),
        "peak memory in MiB": round(used.ru_maxrss / 1024),
        "bytes per architecture read": round(file.stat().st_size / count, 1),
        "bytes per architecture written": round(scores.stat().st_size / count, 1),
    }


def main() -> None:
    """Print what each count took as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--space", default="nasbench201")
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv")
    parser.add_argument("--counts", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    facts = []
    for count in given.counts:
        with tempfile.TemporaryDirectory() as folder:
            facts.append(measured(given.space, given.format, count, given.threads, Path(folder)))
    about = {"space": given.space, "format": given.format, "threads": given.threads}
    print(json.dumps(about | {"counts": facts}, indent=2))


if __name__ == "__main__":
    main()
