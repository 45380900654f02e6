"""Draw how well methods rank against what an architecture costs them."""

from pathlib import Path

import pandas as pd

from tgnas.reporting.proxies import OWN_INPUTS
from tgnas.reporting.proxy_figures import draw_cost
from tgnas.reporting.style import save
from tgnas.script import run


def main(*, table: Path, png: Path, pdf: Path, benchmark: str, dataset: str) -> None:
    """Draw one data set of the summary."""
    summary = pd.read_csv(table)
    here = (summary.benchmark == benchmark) & (summary.inputs == OWN_INPUTS)
    save(draw_cost(summary[here], dataset), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
