"""Train one variant of a predictor with every seed and measure how it ranks the target."""

import logging
from pathlib import Path

import pandas as pd
import torch

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.evaluation.ranking import kendall_tau, spearman_rho
from tgnas.registry import PREDICTORS
from tgnas.training.auxiliary_targets import with_auxiliary_targets
from tgnas.workflow.script import run


def main(
    *,
    source: Path,
    target: Path,
    embeddings: Path,
    measures: Path,
    base: str,
    axis: str,
    value: str,
    settings: dict,
    label: dict,
    ranking: dict,
    seeds: int,
    threads: int,
) -> None:
    """Write one row for each seed and data set."""
    torch.set_num_threads(threads)
    predictor, vectors = PREDICTORS.module(settings["method"]), OperatorEmbeddings.read(embeddings)
    learned, benchmark = open_benchmark(source), open_benchmark(target)
    of_all = benchmark.architectures
    training, accuracies = learned.labelled(**label, cells=settings["cells"])
    goal = with_auxiliary_targets(accuracies, training, learned.name, settings["auxiliary_targets"])
    fidelity = {key: ranking[key] for key in ("split", "epochs")}
    chosen, rows = predictor.Settings.from_config(settings), []
    for seed in range(seeds):
        fitted, history = predictor.fit([(training.cells, goal)], vectors, chosen, seed)
        scores = of_all.mean_over_cells(fitted.predict(of_all.cells))
        seconds = sum(row["seconds"] for row in history.history)
        for dataset in ranking["datasets"]:
            true = benchmark.accuracy(dataset=dataset, **fidelity)
            rows.append(
                {
                    "base": base,
                    "axis": axis,
                    "value": value,
                    "seed": seed,
                    "dataset": dataset,
                    "kendall_tau": kendall_tau(scores, true),
                    "spearman_rho": spearman_rho(scores, true),
                    "cells": len(training),
                    "seconds": seconds,
                }
            )
        logging.info("seed=%d kendall_tau=%.4f", seed, rows[-1]["kendall_tau"])
    pd.DataFrame(rows).to_csv(measures, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
