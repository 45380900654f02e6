"""Accuracies of NAS-Bench-201's architectures in the supernets of few-shot NAS.

Zhao et al., ICML 2021 (aoiang/few-shot-NAS, Few-Shot_NasBench201/supernet_info): for all 15,625
architectures the validation accuracy with the weights of one supernet, with those of five
sub-supernets, and stand-alone, as JSON by the text of the architecture's nested tuples.
"""

import ast
import json
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from tgnas.benchmarks.base import Benchmark
from tgnas.errors import CorruptTableError

FOLDER = "nasbench201"
FILES = {name: f"{FOLDER}/few_shot_{name}.json" for name in ("alone", "one_shot", "few_shot")}


def read_supernet(path: Path, benchmark: Benchmark) -> Float64[np.ndarray, " N"]:
    """Return the accuracies of a file in the benchmark's order, in percent.

    Raises:
        CorruptTableError: it is no such file, or does not hold every architecture once.
    """
    try:
        listed = {_string(key): float(value) for key, value in json.loads(path.read_text()).items()}
        return np.array([listed.pop(string) for string in benchmark.strings])
    except (ValueError, TypeError, LookupError, SyntaxError, AttributeError) as error:
        raise CorruptTableError(f"{path} is no table of every architecture: {error}") from error


def _string(key: str) -> str:
    """Return the architecture string of nested tuples of (operator, vertex)."""
    vertices = ast.literal_eval(key)
    return "+".join(f"|{'|'.join(f'{name}~{place}' for name, place in one)}|" for one in vertices)
