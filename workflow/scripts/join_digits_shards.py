"""Join the shards of digits-bench into one table, and write its card."""

import json
from pathlib import Path

import pandas as pd

from tgnas.files import written_whole
from tgnas.image_training.digits_bench import card_of, joined, list_architectures
from tgnas.image_training.recipe import read_recipe
from tgnas.workflow.provenance import environment
from tgnas.workflow.script import run


def main(
    *, recipe: Path, shards: list[Path], table: Path, card: Path, sizes: dict, change: dict
) -> None:
    """Write the compact table, then the card with what describes it."""
    whole = joined([pd.read_parquet(path) for path in shards], list_architectures(**sizes))
    facts = card_of(whole, sizes, read_recipe(recipe, change).settings())
    with written_whole(table) as part:
        whole.to_parquet(part, index=False, compression="zstd")
    with written_whole(card) as part:
        part.write_text(json.dumps(facts | {"made_by": environment()}, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
