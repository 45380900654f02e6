"""What helps weight sharing: paired differences of the methods' Kendall's tau, with intervals."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tgnas.benchmarks.base import Benchmark
from tgnas.registry import GRAPH_PROXIES
from tgnas.results import _style as style
from tgnas.results import supernets
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown
from tgnas.workflow.populations import SUPERNET_POPULATION

UNREAD = supernets.UNREAD
TITLE = "What helps weight sharing"
SECTION = "Weight sharing"
PAGE = "supernets"
PLACE = 1
CAPTION = """
How much higher the first's Kendall's tau is than the second's, of distinct architectures, mean over
{seeds:seed}: with accuracies of the same networks trained alone ({epochs:epoch}: digits-bench;
{long_networks} of them for {long_epochs:epoch}), with NAS-Bench-201's test accuracies on CIFAR-10,
and of two seeds of one method with each other (agreement). Brackets: {level:.0%} interval over
{resamples} resamples of architectures, the same for both, and of seeds (of the agreement, of
architectures alone). An interval that holds 0 decides nothing.
"""
FIGURE_CAPTION = """
The table's differences of Kendall's tau with their intervals; right of the line the first helps.
"""
MEASURES = {**supernets.TRUTHS, "agreement": "agreement"}
PANELS = ("trained\nalone", "alone\nfor long", "NB201\nCIFAR-10", "agreement\nof two seeds")
LINE = 50  # characters of a pair that stand in one line
COLUMNS = {
    "first": "a method of the table of supernets",
    "second": "the one that it is compared with",
    "pair": "how tables call the two",
    "measure": f"what tau is of: {', '.join(MEASURES)}",
    "difference": "the first's mean Kendall's tau less the second's",
    "low": "lower end of its interval",
    "high": "its upper end",
    "verdict": "higher, lower, or open where the interval holds 0",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return what was trained, and which methods are compared."""
    ranking = plan.config.ranking
    return supernets.params(plan) | {
        "pairs": [list(pair) for pair in plan.config.supernets.differences],
        "resamples": ranking.resamples,
        "level": ranking.level,
    }


def loaded(plan: Plan) -> list[str]:
    """Return the modules of all cards, which give the titles."""
    return supernets.loaded(plan)


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the scores of every method that is compared, and what is known."""
    section = plan.config.supernets
    scored = [*section.methods, *section.beside]
    compared = dict.fromkeys(name for pair in section.differences for name in pair)
    truths = ("population", "known", "long", "nasbench201")
    return {name: supernets.inputs(plan)[name] for name in truths} | {
        "scores": [
            f"<results>/scores/{SUPERNET_POPULATION}/{name}.parquet"
            for name in compared
            if name in scored
        ],
    }


def table(
    population: Path,
    known: Benchmark,
    long: Benchmark,
    nasbench201: Benchmark,
    scores: Sequence[Path],
    files: Mapping[str, str],
    own: Mapping[str, Mapping[str, Any]],
    titles: Mapping[str, str],
    benchmark_labels: dict[str, Any],
    long_epochs: int,
    pairs: Sequence[tuple[str, str]],
    resamples: int,
    level: float,
) -> pd.DataFrame:
    """Return one row for each pair and measure."""
    from tgnas.evaluation.weight_sharing import differences, resampled  # their imports are slow
    from tgnas.scoring.tables import read_scores

    drawn, truths, distinct = supernets.truths_of(
        population, known, long, nasbench201, benchmark_labels, long_epochs
    )
    methods = {
        path.stem: resampled(read_scores(path, drawn), truths, distinct, resamples)
        for path in scores
    }
    frame = differences(methods, pairs, level)
    called = {**titles, **supernets.titles_of(files, own)}
    called |= {n: GRAPH_PROXIES.module(n).CARD.title for n in GRAPH_PROXIES.names() if n in methods}
    frame["pair"] = [
        f"{called.get(one, one)} - {called.get(other, other)}"
        for one, other in zip(frame["first"], frame["second"], strict=True)
    ]
    frame["verdict"] = np.select([frame.low > 0, frame.high < 0], ["higher", "lower"], "open")
    return frame[list(COLUMNS)]


def show(frame: pd.DataFrame) -> list[Block]:
    """Return a row for each pair."""
    rows: list[dict[str, Entry]] = []
    for pair, part in frame.groupby("pair", sort=False):
        row: dict[str, Entry] = {"difference": str(pair)}
        for measure, about in MEASURES.items():
            matches = part[part.measure == measure]
            if len(matches):
                of = matches.iloc[0]
                row[about] = Number(of.difference, "+.3f", interval=(of.low, of.high))
        rows.append(row)
    return [Shown(rows)]


def figure(frame: pd.DataFrame) -> Figure:
    """Return the differences, a panel for each measure."""
    pairs = list(dict.fromkeys(frame["pair"]))
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 0.9 + 0.22 * len(pairs)))
        panels = drawn.subplots(1, len(MEASURES), sharey=True, squeeze=False)[0]
        for panel, measure, about in zip(panels, MEASURES, PANELS, strict=True):
            part = frame[frame.measure == measure]
            places = np.array([len(pairs) - 1 - pairs.index(pair) for pair in part["pair"]])
            reach = style.reach(part.difference, part.low, part.high)
            panel.errorbar(
                part.difference, places, xerr=reach, fmt="o", markersize=3, linewidth=1,
                color=style.BLUE,
            )  # fmt: skip
            panel.axvline(0, color=style.BLACK, linewidth=0.5)
            panel.set_title(about)
            panel.locator_params(axis="x", nbins=2)
        names = [pair.replace(" (reconstruction)", "") for pair in pairs]
        names = [n.replace(" - ", "\nless " if len(n) > LINE else " less ") for n in names]
        panels[0].set_yticks(np.arange(len(pairs))[::-1], names, fontsize=6)
        drawn.supxlabel("Difference of Kendall's tau", fontsize=8)
        drawn.tight_layout()
    return drawn
