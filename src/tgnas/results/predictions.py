"""What one predictor predicts against what a benchmark measured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from tgnas.benchmarks.base import Benchmark
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.scoring.tables import read_scores

TITLE = "Predicted and measured accuracy, {target}"
SECTION = "Ranking {target}"
CAPTION = """
Predicted against measured {labels[split]} accuracy after {labels[epochs]:epoch} of all
architectures of {target}, by the number of architectures in each hexagon (log scale). One
predictor: {title}, seed {seed}, last epoch, trained on {sources} and on no label of {target}. Only
the order of its predictions counts.
"""


def variants(plan: Plan) -> list[str]:
    """Return the benchmarks for which the config names a predictor that is drawn."""
    return [target for target in plan.sheets if _drawn(plan, target)]


def _drawn(plan: Plan, target: str) -> str:
    """Return the predictor that is drawn on a benchmark, or nothing."""
    if target == "nasbench201":
        return plan.config.search.predictor
    name = plan.config.demo.drawn if plan.config.demo else ""
    return name if name in plan.sheets[target] else ""


def params(plan: Plan, variant: str) -> dict[str, Any]:
    """Return who is drawn and how accuracy is measured."""
    name = _drawn(plan, variant)
    sources = plan.predictors[name]["sources"]
    return {
        "target": style.benchmark_name(variant),
        "title": plan.all_titles.get(name, name),
        "seed": 0,
        "sources": ", ".join(style.benchmark_name(source) for source in sources),
        "labels": plan.labels(variant),
    }


def figure_inputs(plan: Plan, variant: str) -> dict[str, Any]:
    """Return the predictor's scores and their measures."""
    name = _drawn(plan, variant)
    return {
        "benchmark": f"<benchmark_tables>/{variant}.arrow",
        "scores": f"<results>/scores/{variant}/{name}.parquet",
        "measures": f"<results>/measures/{variant}.csv",
    }


def figure(
    benchmark: Benchmark, scores: Path, measures: pd.DataFrame, seed: int, labels: dict[str, Any]
) -> Figure:
    """Return the figure of one seed's predictions, which are shares of 100 %."""
    predicted = 100 * read_scores(scores, benchmark)[seed]
    fidelity = {key: labels[key] for key in ("split", "epochs")}
    measured = {name: benchmark.accuracy(dataset=name, **fidelity) for name in labels["datasets"]}
    own = measures[(measures.method == scores.stem) & (measures.seed == seed)].query(
        "name == 'kendall_tau' & population == subset == 'all'"
    )
    return draw(predicted, measured, dict(zip(own.dataset, own.value, strict=True)))


def draw(
    predicted: np.ndarray, measured: Mapping[str, np.ndarray], taus: Mapping[str, float]
) -> Figure:
    """Return predicted against measured accuracy, one panel per data set, as a density.

    Args:
        predicted: of N architectures, percent.
        measured: the same of each data set.
        taus: Kendall's tau of each data set; NaN where it is undefined.
    """
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 2.6))
        panels = figure.subplots(1, len(taus), sharey=True, squeeze=False)[0]
        density = []
        for panel, (dataset, tau) in zip(panels, taus.items(), strict=True):
            density.append(_draw_density(panel, measured[dataset], predicted))
            value = f"tau = {tau:.3f}" if np.isfinite(tau) else "tau undefined"
            panel.set_title(f"{style.dataset_title(dataset)}\nKendall {value}")
            panel.set_xlabel("Measured test accuracy\n(%, higher is better)")
        panels[0].set_ylabel("Predicted accuracy\n(%, higher is better)")
        most = max(cells.get_array().max() for cells in density)  # type: ignore[union-attr]
        norm = LogNorm(1, max(2, float(most)))
        for cells in density:
            cells.set_norm(norm)
        label = "Architectures per hexagon"
        figure.colorbar(density[0], ax=list(panels), label=label, pad=0.01, aspect=25)
    return figure


def _draw_density(panel: Axes, measured: np.ndarray, predicted: np.ndarray) -> PolyCollection:
    """Draw one panel's hexagons; the extent is padded, for constant scores have none."""
    low, high = np.nanmin(predicted), np.nanmax(predicted)
    margin = max(0.02 * (high - low), 0.5)
    extent = (np.nanmin(measured) - 1, np.nanmax(measured) + 1, low - margin, high + margin)
    looks: dict[str, Any] = {"gridsize": (45, 22), "mincnt": 1, "linewidths": 0.1}
    return panel.hexbin(measured, predicted, extent=extent, **looks)
