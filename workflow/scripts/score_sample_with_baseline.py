"""Score a sample with a proxy of cells, and time it."""

from pathlib import Path

import numpy as np
import pandas as pd

from tgnas.registry import GRAPH_PROXIES
from tgnas.scoring.samples import score_cells
from tgnas.spaces.architectures import Architectures
from tgnas.workflow.script import run


def main(*, sample: Path, scores: Path, baseline: str, space: str, dataset: str, seed: int) -> None:
    """Write the proxy's table of scores."""
    generator = np.random.default_rng(seed)
    about = {"space": space, "dataset": dataset, "generator": generator}

    def score(architectures: Architectures) -> np.ndarray:
        return GRAPH_PROXIES.load(baseline)(architectures, **about)[None]

    score_cells(score, pd.read_parquet(sample), space).to_parquet(scores, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
