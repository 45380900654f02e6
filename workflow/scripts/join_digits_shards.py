"""Join the shards of trainings into the table that comes with the package; write its card."""

import json
from importlib import import_module
from pathlib import Path

from tgnas.files import written_whole
from tgnas.image_training.recipe import read_recipe
from tgnas.resources.seals import read_parquet, write_parquet
from tgnas.workflow.provenance import environment
from tgnas.workflow.script import run


def main(
    *,
    recipe: Path,
    shards: list[Path],
    table: Path,
    card: Path,
    maker: str,
    title: str,
    sizes: dict,
    change: dict,
) -> None:
    """Write the compact table, then the card with what describes it."""
    of = import_module(f"tgnas.image_training.{maker}")
    rows = [read_parquet(path).to_pandas() for path in shards]
    whole = of.joined(rows, of.list_architectures(**sizes))
    facts = of.card_of(whole, title, sizes, read_recipe(recipe, change).settings())
    write_parquet(table, whole, compression="zstd")
    with written_whole(card) as part:
        part.write_text(json.dumps(facts | {"made_by": environment()}, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
