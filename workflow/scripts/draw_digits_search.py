"""Draw the training of the found architecture, and where it stands in digits-bench."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.results.digits import draw_search
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(
    *, benchmark: Path, history: Path, table: Path, png: Path, pdf: Path, ranking: dict
) -> None:
    """Draw the history beside the accuracies of the benchmark's architectures."""
    fidelity = {name: ranking[name] for name in ("split", "epochs")}
    accuracies = open_benchmark(benchmark).accuracy(dataset=ranking["datasets"][0], **fidelity)
    facts = pd.read_csv(table).iloc[0].to_dict()
    save(draw_search(pd.read_csv(history), accuracies, facts), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
