"""Search NAS-Bench-201 with one searcher that asks one trained predictor; no label is read."""

from pathlib import Path

import torch

from tgnas.encodings.sentence import OperatorEmbeddings
from tgnas.evaluation.search import run_searches
from tgnas.registry import PREDICTORS, SPACES
from tgnas.script import run


def main(
    *,
    embeddings: Path,
    epochs: Path,
    runs: Path,
    method: str,
    searcher: str,
    search: dict,
    seed: int,
    threads: int,
) -> None:
    """Run the searcher several times, write its answers, queries and progress."""
    torch.set_num_threads(threads)
    predictor = PREDICTORS.module(method).load(epochs, OperatorEmbeddings.read(embeddings))
    space = SPACES.load("nasbench201")
    table = run_searches(space, predictor.predict, searcher, search, seed)
    table.insert(0, "seed", seed)
    table.insert(0, "searcher", searcher)
    table.to_parquet(runs, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
