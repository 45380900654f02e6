"""How fast every searcher finds what the predictor scores best, and how good that is."""

import textwrap
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from tgnas.benchmarks.base import Benchmark
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.scoring.tables import read_scores

TITLE = "The best so far"
SECTION = "Search"
CAPTION = """
The best-scored architecture so far against the number of scored ones, one column per searcher. Top:
its rank by score among all 15,625 (scores of different seeds share no scale, ranks do). Bottom: its
CIFAR-10 test accuracy after {labels[epochs]:epoch}, on an axis that is logarithmic in the error; a
searcher never sees it. Median and range over {number:run}, shared by {seeds:predictor seed};
exhaustive search has one run per seed. Pruning returns the path that is left, not with the
best-scored on its way.
"""
LEVEL_LOOKS: tuple[dict[str, Any], ...] = (
    {"color": style.GREEN, "linewidth": 0.9, "linestyle": "--"},
    {"color": style.ORANGE, "linewidth": 0.9, "linestyle": "-."},
    {"color": style.PURPLE, "linewidth": 0.9, "linestyle": "-"},
)
AREA: dict[str, Any] = {"color": style.BLUE, "alpha": 0.25, "linewidth": 0}
RANDOM: dict[str, Any] = {"color": style.BLACK, "linestyle": ":", "lw": 0.9}


def params(plan: Plan) -> dict[str, Any]:
    """Return what the levels are called, and how accuracy is measured."""
    titles, search = plan.titles(), plan.config.search
    levels = [f"best by {titles.get(name, name)}" for name in search.baselines]
    number, seeds = search.runs, plan.config.seeds
    return {"levels": levels, "labels": plan.labels(), "number": number, "seeds": seeds}


def figure_inputs(plan: Plan) -> dict[str, Any]:
    """Return the predictor's runs and scores, and what the baselines find."""
    search, searches = plan.config.search, plan.searches
    drawn = search.predictor
    return {
        "benchmark": "<benchmark_tables>/nasbench201.arrow",
        "scores": f"<results>/scores/nasbench201/{drawn}.parquet",
        "runs": [file for scorer, file in searches.tabulated() if scorer == drawn],
        "baselines": [searches.file_of(name, "exhaustive") for name in search.baselines],
    }


def figure(
    benchmark: Benchmark,
    scores: Path,
    runs: Sequence[pd.DataFrame],
    baselines: Sequence[pd.DataFrame],
    levels: Sequence[str],
    labels: dict[str, Any],
) -> Figure:
    """Return the figure of all runs, beside the best of the space and the baselines."""
    from tgnas.searching.runs import look_up, progress_table  # their imports are slow

    dataset, fidelity = labels["datasets"][0], {key: labels[key] for key in ("split", "epochs")}
    progress = progress_table(pd.concat(runs), read_scores(scores, benchmark), benchmark, labels)
    best = benchmark.accuracy(dataset=dataset, **fidelity).max()
    best_scored = (run[run.searcher == "exhaustive"] for run in baselines)
    chosen = (look_up(run, benchmark, labels)[dataset].iloc[0] for run in best_scored)
    drawn = {"best of the space": best} | dict(zip(levels, chosen, strict=True))
    return draw(progress, drawn, dataset)


def draw(progress: pd.DataFrame, levels: Mapping[str, float], dataset: str) -> Figure:
    """Return the rank by score, and the true accuracy, of the best-scored architecture so far.

    One column of panels per searcher: the line is the median, the band the range over all runs.
    Random search's median stands in every column. Exhaustive search, whose order means nothing,
    is one point at its end.

    Args:
        progress: what ``tgnas.searching.runs.progress_table`` returns.
        levels: accuracies (percent) for horizontal lines, by their name.
        dataset: of the accuracies.
    """
    parts = {str(name): part for name, part in progress.groupby("searcher", sort=False)}
    whole, random = parts.pop("exhaustive", None), parts.get("random")
    shown = _merged(levels)
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 3.9))
        panels = figure.subplots(2, len(parts), sharex=True, sharey="row", squeeze=False)
        for (top, bottom), (searcher, part) in zip(panels.T, parts.items(), strict=True):
            name = "\n".join(textwrap.wrap(searcher.replace("_", " "), 14))
            top.set_title(f"{name}\n{_runs(part)}")
            for panel, value in ((top, "rank"), (bottom, "accuracy")):
                low, high = part[f"{value}_low"], part[f"{value}_high"]
                panel.fill_between(part.queries, low, high, step="post", **AREA)
                panel.step(part.queries, part[value], where="post", color=style.BLUE)
                if random is not None and searcher != "random":
                    panel.step(random.queries, random[value], where="post", **RANDOM)
                if whole is not None:
                    _draw_end(panel, whole.iloc[-1], value)
            for level, look in zip(shown.values(), cycle(LEVEL_LOOKS), strict=False):
                bottom.axhline(level, **look)
            bottom.set_xlabel("Architectures\nscored")
        _scale(panels, dataset)
        low, high = progress.accuracy_low.min() - 2, progress.accuracy_high.max()
        panels[1, 0].set_ylim(low, max(high, *shown.values()) + 0.4)
        figure.legend(handles=_keys(shown, whole), ncols=3, **style.BELOW)
    return figure


def _draw_end(panel: Axes, last: pd.Series, value: str) -> None:
    """Draw exhaustive search: its end, with the range over seeds."""
    reach = [[last[value] - last[f"{value}_low"]], [last[f"{value}_high"] - last[value]]]
    looks: dict[str, Any] = {"fmt": "*", "markersize": 7, "color": style.BLUE, "linewidth": 0.9}
    panel.errorbar(last["queries"], last[value], yerr=reach, clip_on=False, zorder=3, **looks)


def _scale(panels: np.ndarray, dataset: str) -> None:
    first, second = panels[:, 0]
    first.set(xscale="log", yscale="log")
    first.invert_yaxis()
    first.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    first.yaxis.set_minor_locator(NullLocator())
    first.set_ylabel("Rank by score\n(1 is best)")
    # Equal steps are equal factors of the error, for nearly all accuracies are near the best.
    scale = (lambda a: -np.log(100 - np.minimum(a, 99.9)), lambda b: 100 - np.exp(-b))
    second.set_yscale("function", functions=scale)
    second.yaxis.set_major_locator(FixedLocator((10, 50, 70, 80, 85, 90, 92, 94, 96, 98)))
    second.yaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    second.set_ylabel(f"{style.dataset_title(dataset)} accuracy\n(%, higher is better)")


def _keys(levels: Mapping[str, float], whole: pd.DataFrame | None) -> list[Any]:
    keys: list[Any] = [
        Line2D([], [], color=style.BLUE, label="median over seeds and runs"),
        Patch(**AREA, label="range over seeds and runs"),
        Line2D([], [], **RANDOM, label="median of random search"),
    ]
    if whole is not None:
        label = f"exhaustive search ({_count(int(whole.seeds.iloc[0]), 'seed')})"
        star: dict[str, Any] = {"marker": "*", "markersize": 7, "linestyle": ""}
        keys.append(Line2D([], [], color=style.BLUE, label=label, **star))
    for (name, level), look in zip(levels.items(), cycle(LEVEL_LOOKS), strict=False):
        keys.append(Line2D([], [], **look, label=f"{name}: {level:.2f} %"))
    return keys


def _merged(levels: Mapping[str, float]) -> dict[str, float]:
    """Return the levels, the lowest first, with those of one value under one name."""
    names: dict[float, list[str]] = {}
    for name, level in sorted(levels.items(), key=lambda item: item[1]):
        names.setdefault(round(level, 2), []).append(name)
    return {" and ".join(several): level for level, several in names.items()}


def _runs(part: pd.DataFrame) -> str:
    seeds, runs = int(part.seeds.iloc[0]), int(part.runs.iloc[0])
    return f"{_count(seeds, 'seed')} x {_count(runs // seeds, 'run')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
