"""Choose the architecture to train: the incumbent with the best score of one seed's searches."""

import json
from pathlib import Path

import pandas as pd

from tgnas.workflow.script import run


def main(*, runs: Path, best: Path, seed: int) -> None:
    """Write the incumbent with the highest score; no accuracy is read."""
    table = pd.read_parquet(runs)
    table = table[table.seed == seed].reset_index(drop=True)
    first = table.loc[table.score.idxmax()]
    chosen = {name: first[name] for name in ("architecture", "searcher", "score")}
    chosen |= {name: int(first[name]) for name in ("seed", "run", "queries")}
    best.write_text(json.dumps(chosen, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
