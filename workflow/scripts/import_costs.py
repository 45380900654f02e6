"""Read latency and energy of NAS-Bench-201 on six devices, beside FLOPs and parameters."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.benchmarks.hw_nas_bench import read_costs
from tgnas.resources.seals import write_parquet
from tgnas.workflow.script import run


def main(*, measured: Path, benchmark: Path, costs: Path, dataset: str) -> None:
    """Write one row for each architecture, in the benchmark's order."""
    write_parquet(costs, read_costs(measured, open_benchmark(benchmark), dataset))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
