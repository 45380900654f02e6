"""Measure how the universal predictor, others and every count rank one benchmark."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.counts import counts_of
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.encodings.live import live_pattern
from tgnas.evaluation.ranking import measure_benchmark
from tgnas.files import written_whole
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.predictors.universal import DISTILLED
from tgnas.methods.trained import joined, load
from tgnas.resources.seals import write_parquet
from tgnas.training.splits import draw_rows
from tgnas.workflow.script import run


def main(
    *,
    target: Path,
    epochs: list[Path],
    embeddings: Path,
    measures: Path,
    resampled: Path,
    ranking: dict,
    architectures: int | str,
    shipped: list[str],
    left_out: list[str],
    threads: int,
) -> None:
    """Write tidy files: method, and the columns of ``measure_benchmark``."""
    known, vectors = open_benchmark(target), OperatorEmbeddings.read(embeddings)
    fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
    labels = [known.accuracy(dataset=name, **fidelity) for name in ranking["datasets"]]
    rows = draw_rows(np.flatnonzero(np.isfinite(labels).all(axis=0)), architectures)
    members = known.architectures[rows]
    populations = {"all": rows}
    distinct, _ = live_pattern(members).distinct()
    if len(distinct) < len(rows):
        populations["distinct"] = rows[distinct]
    trained = joined([load(path, vectors)[-1:] for path in epochs])
    scores = {"universal": trained.ensemble().scores(members, threads)}
    own = {n: state for n, state in trained.states.items() if not n.startswith(DISTILLED)}
    alone = replace(trained, states=own).ensemble().scores(members, threads)
    if not np.array_equal(alone, scores["universal"]):
        scores["labels_alone"] = alone
    others = {name: load_pretrained(name) for name in shipped}
    for name, other in others.items():
        if not set(other.card["trained_on"]) & set(left_out):
            scores[name] = other.scores(members, threads=threads)
    scores |= {name: values[None] for name, values in counts_of(members).items()}
    parts, draws = [], []
    for method, of_seeds in scores.items():
        whole = np.full((len(of_seeds), len(known)), np.nan)
        whole[:, rows] = of_seeds
        measured, taus = measure_benchmark(known, whole, populations, ranking)
        parts.append(measured.assign(method=method))
        draws.append(taus.assign(method=method))
    with written_whole(measures) as unfinished:
        pd.concat(parts).to_csv(unfinished, index=False)
    write_parquet(resampled, pd.concat(draws, ignore_index=True))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
