"""Join the shards of digits-bench into one table, and write its card."""

import json
from pathlib import Path

import pandas as pd

from tgnas.evaluation.digits import card_of, joined
from tgnas.workflow.provenance import environment
from tgnas.workflow.script import run


def main(
    *, listed: Path, shards: list[Path], table: Path, card: Path, sizes: dict, recipe: dict
) -> None:
    """Write the compact table, then the card with what describes it."""
    whole = joined([pd.read_parquet(path) for path in shards], pd.read_parquet(listed))
    whole.to_parquet(table, index=False, compression="zstd")
    facts = card_of(whole, sizes, recipe) | {"made_by": environment()}
    card.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
