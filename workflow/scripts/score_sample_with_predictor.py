"""Score a sample with the last epoch of every seed of a predictor, and time it."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.registry import PREDICTORS
from tgnas.scoring.samples import score_cells
from tgnas.spaces.architectures import Architectures
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

    def score(architectures: Architectures) -> np.ndarray:
        rows = np.stack([member.predict(architectures.cells) for member in members])
        return architectures.mean_over_cells(rows)

    score_cells(score, pd.read_parquet(sample), space).to_parquet(scores, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
