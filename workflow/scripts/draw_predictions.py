"""Draw what one predictor predicts against what the benchmark measured."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.results.figures import draw_predictions
from tgnas.results.style import save
from tgnas.scoring.tables import read_scores
from tgnas.workflow.script import run


def main(
    *, benchmark: Path, scores: Path, measures: Path, png: Path, pdf: Path, seed: int, ranking: dict
) -> None:
    """Put scores, accuracies and the measured taus of one seed together and draw them."""
    target, fidelity = open_benchmark(benchmark), {k: ranking[k] for k in ("split", "epochs")}
    predicted = 100 * read_scores(scores, target)[seed]
    parts = [
        pd.DataFrame({"measured": target.accuracy(dataset=name, **fidelity)}).assign(dataset=name)
        for name in ranking["datasets"]
    ]
    table = pd.concat([part.assign(predicted=predicted) for part in parts])
    own = pd.read_csv(measures)
    own = own[own.seed == seed]
    taus = own.query("name == 'kendall_tau' & population == subset == 'all'")
    save(draw_predictions(table, dict(zip(taus.dataset, taus.value, strict=True))), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
