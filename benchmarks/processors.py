"""What another processor changes: the same commands with this one's instructions and an old one's.

torch picks its kernels by the instructions that a processor has; ``ATEN_CPU_CAPABILITY=default``
and MKL's most compatible branch make it compute as on one without AVX. Scores of all NAS-Bench-201
by the package's weights, and by a predictor that is trained here on digits-bench, are compared.

    python benchmarks/processors.py
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tgnas.benchmarks._digits import of_seeds, read_table
from tgnas.evaluation.ranking import kendall_tau
from tgnas.spaces.space import open_space

SPACE = "nasbench201"
KINDS = {
    "this processor": {},
    "without AVX": {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"},
}


def scored(folder: Path, kind: str, predictor: str) -> np.ndarray:
    """Return the scores of all architectures by a predictor, as one kind of processor has them."""
    out = folder / f"{kind}-{Path(predictor).name}.csv"
    command = ["score", "--space", SPACE, "--architectures", str(folder / "all.csv")]
    call(kind, [*command, "--predictor", predictor, "--output", str(out)])
    return pd.read_csv(out)["score"].to_numpy()


def trained(folder: Path, kind: str) -> str:
    """Return the weights of a predictor that one kind of processor has trained."""
    out = folder / f"{kind}.safetensors"
    command = ["train", "--space", SPACE, "--benchmark", str(folder / "digits.csv")]
    call(kind, [*command, "--seeds", "1", "--epochs", "60", "--output", str(out)])
    return str(out)


def call(kind: str, arguments: list[str]) -> None:
    """Run a command as one kind of processor would."""
    command = [sys.executable, "-m", "tgnas", *arguments]
    subprocess.run(command, env=os.environ | KINDS[kind], check=True, stderr=subprocess.DEVNULL)


def difference(ours: np.ndarray, theirs: np.ndarray) -> dict[str, float]:
    """Return how two lists of scores differ."""
    return {
        "largest difference of a score": float(np.abs(ours - theirs).max()),
        "of a range of": float(np.ptp(ours)),
        "kendall_tau of the two": kendall_tau(ours, theirs),
        "place of the other's best": int((ours > ours[int(theirs.argmax())]).sum()) + 1,
    }


def main() -> None:
    """Print the differences as JSON."""
    here, there = KINDS
    with tempfile.TemporaryDirectory() as name:
        folder, space = Path(name), open_space(SPACE)
        with (folder / "all.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["architecture"], *zip(space.format(space.enumerate()))])
        table = read_table()
        table = table[table.space == SPACE]
        accuracy = of_seeds(table, "validation_accuracy").mean(axis=1)
        labelled = pd.DataFrame({"architecture": table.architecture, "accuracy": accuracy})
        labelled.to_csv(folder / "digits.csv", index=False)
        facts = {
            name: difference(*(scored(folder, kind, name) for kind in KINDS))
            for name in ("canonical", "universal")
        }
        weights = {kind: trained(folder, kind) for kind in KINDS}
        facts["trained on each"] = difference(
            *(scored(folder, here, weights[kind]) for kind in (here, there))
        )
    about = {"torch": torch.__version__, "here": torch.backends.cpu.get_cpu_capability()}
    print(json.dumps(about | facts, indent=2))


if __name__ == "__main__":
    main()
