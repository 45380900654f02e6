"""Draw the correlations of proxies with each other and with accuracy."""

from pathlib import Path

import pandas as pd

from tgnas.results.proxies import describe
from tgnas.results.proxy_figures import draw_independence
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(*, measures: Path, png: Path, pdf: Path, titles: dict) -> None:
    """Draw the heat map."""
    found = pd.read_csv(measures)
    known = {name: describe(name, titles)["title"] for name in found.one.unique()}
    save(draw_independence(found, known), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
