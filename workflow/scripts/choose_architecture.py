"""Choose the architecture to train: the best-scored incumbent of one seed's searches."""

import json
from pathlib import Path

from tgnas.files import written_whole
from tgnas.resources.seals import read_parquet
from tgnas.workflow.script import run


def main(*, runs: Path, best: Path, searcher: str, seed: int) -> None:
    """Write the incumbent with the highest score; no accuracy is read."""
    table = read_parquet(runs).to_pandas()
    table = table[(table.searcher == searcher) & (table.seed == seed)].reset_index(drop=True)
    row = table.loc[table.score.idxmax()]
    chosen = {name: row[name] for name in ("architecture", "searcher", "score")}
    chosen |= {name: int(row[name]) for name in ("seed", "run", "queries")}
    with written_whole(best) as part:
        part.write_text(json.dumps(chosen, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
