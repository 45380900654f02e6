"""Score a sample with the last epoch of every seed of a predictor, and time it."""

from pathlib import Path

import pandas as pd
import torch

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.methods.trained import joined, load
from tgnas.scoring.samples import score_cells
from tgnas.workflow.script import run


def main(
    *,
    sample: Path,
    embeddings: Path,
    epochs: list[Path],
    scores: Path,
    space: str,
    threads: int,
) -> None:
    """Write the predictor's table of scores."""
    torch.set_num_threads(threads)
    vectors = OperatorEmbeddings.read(embeddings)
    ensemble = joined([load(path, vectors)[-1:] for path in epochs]).ensemble()
    table = score_cells(ensemble.scores, pd.read_parquet(sample), space)
    table.to_parquet(scores, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
