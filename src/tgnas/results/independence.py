"""How much proxies agree with each other, and with accuracy."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tgnas.benchmarks.base import Benchmark
from tgnas.results import _style as style
from tgnas.results import proxies
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown
from tgnas.workflow.sheet import correlated_methods

TITLE = "How much proxies agree"
SECTION = "Training-free proxies"
PAGE = "proxies"
MADE_BY = "proxies"
UNREAD = ("sample",)
CAPTION = """
Spearman's rho between the 14 proxies of the paper's heat map that were run, and with the accuracy
on each data set. Proxies see CIFAR-10 images, so that one map holds for all three.
"""
COLUMNS = {
    "one": "a method, or `accuracy/DATASET`",
    "other": "likewise",
    "spearman_rho": "between the two, of the first seed",
    "architectures": "those that both have a score of",
}
SAMPLE = "nasbench201_sample"
ACCURACY = "accuracy/"


def params(plan: Plan) -> dict[str, Any]:
    """Return how methods without a card are called, and what the accuracies are."""
    ranking = plan.config.ranking.of(plan.samples[SAMPLE]["labels"])
    return {"titles": plan.all_titles, "ranking": ranking}


def loaded() -> list[str]:
    """Return the modules of all cards, which give the titles."""
    return proxies.loaded()


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the scores of the sample by the methods that are compared."""
    compared = correlated_methods(plan.config)
    return {
        "benchmark": "<benchmark_tables>/nasbench201.arrow",
        "sample": f"<results>/populations/{SAMPLE}.parquet",
        "scores": [f"<results>/scores/{SAMPLE}/{name}.parquet" for name in compared],
    }


def table(
    benchmark: Benchmark, sample: Path, scores: Sequence[Path], ranking: dict[str, Any]
) -> pd.DataFrame:
    """Return one row for each pair."""
    from tgnas.evaluation.comparison import independence  # its imports are slow
    from tgnas.scoring.populations import open_population
    from tgnas.scoring.tables import read_table

    population: Any = open_population(sample)
    tables = {path.stem: read_table(path, population) for path in scores}
    return independence(population.known_of(benchmark), tables, ranking)


def show(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[Block]:
    """Return a row for each method, with rho to each data set's accuracy."""
    known = frame[frame.other.str.startswith(ACCURACY) & ~frame.one.str.startswith(ACCURACY)]
    rows: list[dict[str, Entry]] = [
        {"method": proxies.describe(name, titles)["title"]}
        | {
            f"SPR {style.dataset_title(row.other.removeprefix(ACCURACY))}": Number(row.spearman_rho)
            for row in part.itertuples()
        }
        for name, part in known.groupby("one", sort=False)
    ]
    return [Shown(rows)]


def figure(frame: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Return the heat map under the titles of the cards."""
    return draw(
        frame, {name: proxies.describe(name, titles)["title"] for name in frame.one.unique()}
    )


def draw(correlations: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Return a heat map of Spearman's rho between methods, and with each data set's accuracy.

    Args:
        correlations: what ``tgnas.evaluation.comparison.independence`` returns.
        titles: how rows are called; other names stand as they are.
    """
    names = list(dict.fromkeys(correlations.one))
    names.sort(key=lambda name: name.startswith(ACCURACY))  # accuracies last
    place = {name: number for number, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    for row in correlations.itertuples():
        one, other = place[row.one], place[row.other]
        matrix[one, other] = matrix[other, one] = row.spearman_rho
    methods = sum(not name.startswith(ACCURACY) for name in names)
    with style.styled():
        side = 1.9 + 0.3 * len(names)
        figure = Figure(figsize=(min(side + 0.4, style.WIDE), min(side, 6.6)))
        panel = figure.subplots()
        picture = panel.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        for (one, other), value in np.ndenumerate(matrix):
            _write_value(panel, one, other, value)
        panel.axhline(methods - 0.5, color=style.BLACK, linewidth=1)
        panel.axvline(methods - 0.5, color=style.BLACK, linewidth=1)
        labels = [_heat_label(name, titles) for name in names]
        panel.set_xticks(range(len(names)), labels, rotation=90)
        panel.set_yticks(range(len(names)), labels)
        panel.tick_params(length=0)
        panel.grid(visible=False)
        count = int(correlations.architectures.max())
        panel.set_title(f"{count:,} random NAS-Bench-201 architectures")
        label = "Spearman rho (0 is independent)"
        figure.colorbar(picture, ax=panel, label=label, pad=0.02, aspect=30, shrink=0.9)
    return figure


def _write_value(panel: Axes, one: int, other: int, value: float) -> None:
    if one == other:
        return
    text = f"{value:.2f}".replace("0.", ".") if np.isfinite(value) else "?"
    colour = "white" if abs(value) > 0.65 else style.BLACK
    panel.text(other, one, text, ha="center", va="center", fontsize=5.5, color=colour)


def _heat_label(name: str, titles: Mapping[str, str]) -> str:
    if name.startswith(ACCURACY):
        return f"{style.dataset_title(name.removeprefix(ACCURACY))} accuracy"
    return titles.get(name, name).removesuffix(", last epoch")
