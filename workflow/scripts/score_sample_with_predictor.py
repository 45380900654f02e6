"""Score a sample with the last epoch of every seed of a predictor, and time it."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tgnas.cell import Cells
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.registry import PREDICTORS, SPACES
from tgnas.scoring.samples import score_cells
from tgnas.workflow.script import run


def main(
    *,
    sample: Path,
    embeddings: Path,
    epochs: list[Path],
    scores: Path,
    space: str,
    method: str,
    threads: int,
) -> None:
    """Write the predictor's table of scores."""
    torch.set_num_threads(threads)
    vectors = OperatorEmbeddings.read(embeddings)
    members = [PREDICTORS.module(method).load(path, vectors) for path in epochs]
    shares = np.array(SPACES.load(space).shares)

    def score(cells: Cells) -> np.ndarray:
        found = np.stack([member.predict(cells) for member in members])
        return found.reshape(len(found), -1, len(shares)) @ shares

    score_cells(score, pd.read_parquet(sample), space).to_parquet(scores, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
