"""Train one variant of a predictor with every seed and measure how it ranks the target."""

import logging
from pathlib import Path

import pandas as pd
import torch

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.evaluation.ranking import kendall_tau, spearman_rho
from tgnas.methods.trained import own_settings, train
from tgnas.training.sources import labelled
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
    learned, benchmark = open_benchmark(source), open_benchmark(target)
    vectors, rows = OperatorEmbeddings.read(embeddings), []
    fidelity = {key: ranking[key] for key in ("split", "epochs")}
    for seed in range(seeds):
        sources = [labelled(learned, label, settings, seed)]
        own, device = own_settings(settings), settings.get("device", "cpu")
        trained, history = train(settings["method"], sources, own, vectors, seed, device=device)
        scores = trained[-1:].ensemble().scores(benchmark.architectures)[0]
        seconds = sum(epoch["seconds"] for epoch in history)
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
                    "cells": len(sources[0]),
                    "seconds": seconds,
                }
            )
        logging.info("seed=%d kendall_tau=%.4f", seed, rows[-1]["kendall_tau"])
    pd.DataFrame(rows).to_csv(measures, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
