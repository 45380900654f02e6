"""Draw both cells of the genotype that a search found."""

import json
from pathlib import Path

from tgnas.results.genotypes import draw_genotype
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(*, best: Path, png: Path, pdf: Path, predictor: str) -> None:
    """Read the chosen architecture, draw it under its searcher and seed."""
    chosen = json.loads(best.read_text())
    title = f"found by {chosen['searcher'].replace('_', ' ')} with {predictor}"
    save(draw_genotype(chosen["architecture"], f"{title}, seed {chosen['seed']}"), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
