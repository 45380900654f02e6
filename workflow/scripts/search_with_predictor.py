"""Search a space with one searcher that asks every seed of a predictor; no label is read."""

from pathlib import Path

import pandas as pd
import torch

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.methods.trained import load
from tgnas.search.runs import live, run_searches
from tgnas.spaces.space import open_space
from tgnas.workflow.script import run


def main(
    *,
    embeddings: Path,
    epochs: list[Path],
    runs: Path,
    space: str,
    searcher: str,
    search: dict,
    threads: int,
) -> None:
    """Run the searcher several times with each seed; write its answers, queries and progress."""
    torch.set_num_threads(threads)
    vectors, searched = OperatorEmbeddings.read(embeddings), open_space(space)
    tables = []
    for seed, path in enumerate(epochs):
        member = load(path, vectors)[-1:].ensemble().members[0]
        evaluate = live(searched, member.score)
        tables.append(run_searches(searched, evaluate, searcher, search, seed))
    pd.concat(tables).to_parquet(runs, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
