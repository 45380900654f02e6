"""Architectures per second, CPU seconds and memory of ``tgnas score`` on random strings.

python benchmarks/command_line_speed.py --count 1000000 --threads 1
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tgnas.space_file.space import open_space


def main() -> None:
    """Print what it took as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--space", default="nasbench201")
    arguments = parser.parse_args()
    space, generator = open_space(arguments.space), np.random.default_rng(0)
    sizes = [len(options) for options in space.choices]
    some = generator.integers(sizes, size=(min(arguments.count, 20_000), len(sizes)))
    texts = [space.text_of_choices(row) for row in some.tolist()]
    with tempfile.TemporaryDirectory() as folder:
        file, scores = Path(folder) / "architectures.csv", Path(folder) / "scores.csv"
        with file.open("w") as stream:
            stream.write("architecture\n")
            for number in generator.integers(len(texts), size=arguments.count):
                stream.write('"' + texts[number] + '"\n')
        command = [sys.executable, "-m", "tgnas", "score", "--space", arguments.space]
        command += ["--architectures", str(file), "--output", str(scores)]
        start = time.perf_counter()
        subprocess.run([*command, "--threads", str(arguments.threads)], check=True)
        seconds = time.perf_counter() - start
        with scores.open() as stream:
            rows = sum(1 for _ in stream) - 1
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    facts = {
        "architectures": rows,
        "seconds": round(seconds, 1),
        "CPU seconds": round(cpu, 1),
        "architectures per second": round(rows / seconds),
        "architectures per CPU second": round(rows / cpu),
        "peak memory in MiB": round(used.ru_maxrss / 1024),
    }
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
