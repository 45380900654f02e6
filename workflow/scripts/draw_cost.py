"""Draw how well methods rank against what an architecture costs them."""

from pathlib import Path

import pandas as pd

from tgnas.results.proxies import OWN_INPUTS
from tgnas.results.proxy_figures import draw_cost
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(*, table: Path, speed: Path, png: Path, pdf: Path, benchmark: str, dataset: str) -> None:
    """Draw one data set of the summary; costs are those that were timed in one go."""
    summary, costs = pd.read_csv(table), pd.read_csv(speed).set_index("method")
    here = (summary.benchmark == benchmark) & (summary.inputs == OWN_INPUTS)
    timed = ["milliseconds", "build"]
    shown = summary[here].drop(columns=timed).join(costs[timed], on="method")
    save(draw_cost(shown, dataset), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
