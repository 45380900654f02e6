"""Search NAS-Bench-201 with one searcher that asks one training-free proxy: the baselines."""

from pathlib import Path

import numpy as np

from tgnas.cell import Cells
from tgnas.evaluation.search import run_searches
from tgnas.registry import PROXIES, SPACES
from tgnas.script import run


def main(*, runs: Path, proxy: str, searcher: str, search: dict, dataset: str) -> None:
    """Run the searcher several times, write its answers, queries and progress."""
    space, score = SPACES.load("nasbench201"), PROXIES.load(proxy)

    def predict(cells: Cells) -> np.ndarray:
        generator = np.random.default_rng(0)
        return score(cells, space=space.name, dataset=dataset, generator=generator)

    table = run_searches(space, predict, searcher, search, seed=0)
    table.to_parquet(runs, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
