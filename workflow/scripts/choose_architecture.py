"""Choose the architecture to train: the best-scored answer of one seed's searches."""

import json
from pathlib import Path

import pandas as pd

from tgnas.workflow.script import run


def main(*, runs: Path, found: Path, seed: int) -> None:
    """Write the answer with the highest score; no accuracy is read."""
    table = pd.read_parquet(runs)
    table = table[table.seed == seed].reset_index(drop=True)
    best = table.loc[table.score.idxmax()]
    chosen = {name: best[name] for name in ("architecture", "searcher", "score")}
    chosen |= {name: int(best[name]) for name in ("seed", "run", "queries")}
    found.write_text(json.dumps(chosen, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
