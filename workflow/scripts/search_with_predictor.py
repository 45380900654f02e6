"""Search NAS-Bench-201 with one searcher that asks every seed of a predictor; no label is read."""

from pathlib import Path

import pandas as pd
import torch

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.evaluation.search import run_searches
from tgnas.registry import PREDICTORS, SPACES
from tgnas.script import run


def main(
    *,
    embeddings: Path,
    epochs: list[Path],
    runs: Path,
    method: str,
    searcher: str,
    search: dict,
    threads: int,
) -> None:
    """Run the searcher several times with each seed; write its answers, queries and progress."""
    torch.set_num_threads(threads)
    vectors, space = OperatorEmbeddings.read(embeddings), SPACES.load("nasbench201")
    tables = []
    for seed, path in enumerate(epochs):
        predictor = PREDICTORS.module(method).load(path, vectors)
        tables.append(run_searches(space, predictor.predict, searcher, search, seed))
    pd.concat(tables).to_parquet(runs, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
