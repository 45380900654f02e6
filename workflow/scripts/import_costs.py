"""Read latency and energy of NAS-Bench-201 on six devices, beside FLOPs and parameters."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.benchmarks.hw_nas_bench import read_costs
from tgnas.workflow.script import run


def main(*, measured: Path, benchmark: Path, costs: Path, dataset: str) -> None:
    """Write one row for each architecture, in the benchmark's order."""
    read_costs(measured, open_benchmark(benchmark), dataset).to_parquet(costs, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
