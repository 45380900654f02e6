"""How every method's scores rank a benchmark: a table and a figure for each benchmark."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tgnas.results import _style as style
from tgnas.results._catalogue import REPORTED, Plan
from tgnas.results._tables import SHORT, Block, Entry, Shown, count, mean_of

TITLE = "Every method's ranks, {target}"
FIGURE_TITLE = "Kendall's tau of every method, {target}"
SECTION = "Ranking {target}"
CAPTION = """
{about} Kendall's tau-b (KT), Spearman's rho (SPR), precision, regret and true rank of the k
best-scored; over all architectures, inside the truly best share, and on one architecture per
distinct live pattern. Mean ± standard deviation over {seeds} seeds [{ranking[level]:.0%} bootstrap
interval over architectures, {resamples} resamples, its ends averaged over seeds]; {ranking[split]}
accuracy after {ranking[epochs]} epochs; higher is better but for regret and rank.
"""
FIGURE_CAPTION = """
Kendall's tau between scores and accuracy for every method and data set: filled markers over all
architectures, open ones inside the truly best share. Thin bars are bootstrap intervals over
architectures ({resamples} resamples), pale thick bars one standard deviation over {seeds} seeds to
either side. An interval that is not seen is narrower than its marker. A leaked row chose its epoch
on the test labels and is no zero-shot result.
"""
ABOUT = {
    "nasbench201": (
        "How every method's scores rank the 15,625 architectures of NAS-Bench-201 by their test "
        "accuracy after 200 epochs. Predictors are those of the last epoch and, but for leaked "
        "rows, which choose the epoch by them, have seen no label of NAS-Bench-201."
    ),
    "nasbench301": (
        "How every method's scores rank 1,218 DARTS genotypes by the validation accuracy that "
        "NAS-Bench-301's surrogate predicts (no trainings). Stored proxies that are known for a "
        "part of them are measured on that part."
    ),
}
COLUMNS = {
    "method": "id of the method, as in the sheet of experiments",
    "title": "how rendered tables call it",
    "dataset": "data set of the accuracies",
    "population": "`all` architectures, or `unique`: the first in index order of each live pattern",
    "subset": "`all` of the population, or its truly best share, `top` (`ranking.top_share`)",
    "measure": (
        "`kendall_tau` (tau-b), `spearman_rho`, `precision_at_K` (share of the K best-scored that "
        "are among the K best), `regret_at_K` (points of accuracy that the best of the K "
        "best-scored lacks), `rank_at_K` (its true rank; 1 is best); higher is better but for "
        "regret and rank"
    ),
    "mean": "mean over seeds",
    "std": "standard deviation over seeds; empty for one seed",
    "low": (
        "lower end of the bootstrap interval over architectures (`ranking.level`), averaged over "
        "seeds; empty where none is made"
    ),
    "high": "its upper end",
    "architectures": "how many the measure is of",
    "seeds": "how many seeds the mean is of",
    "reported": "what was reported by others (`config/reported.csv`), where it is known",
    "difference": "mean less reported",
}
KEYS = ["dataset", "population", "subset", "measure"]
OFFSET = 0.17  # between the two points of a method, in rows


def variants(plan: Plan) -> list[str]:
    """Return the benchmarks that are ranked."""
    return list(plan.sheets)


def params(plan: Plan, variant: str) -> dict[str, Any]:
    """Return titles and families of the methods, and how the ranking is measured."""
    several = [
        plan.titles(variant)[name]
        for name in plan.sheets[variant]
        if len(plan.predictors.get(name, {"sources": ()})["sources"]) > 1
    ]
    about = ABOUT.get(variant, f"How every method's scores rank {style.benchmark_name(variant)}.")
    if several:
        about += f" Trained on more than one benchmark: {', '.join(several)}."
    ranking = plan.ranking(variant)
    return {
        "target": style.benchmark_name(variant),
        "about": about,
        "seeds": plan.config.seeds,
        "resamples": ranking["resamples"],
        "titles": plan.titles(variant),
        "families": plan.families(variant),
        "ranking": ranking,
        "variant": variant,
    }


def inputs(variant: str) -> dict[str, Any]:
    """Return the measures of every method."""
    return {"measures": f"<results>/measures/{variant}.csv", "reported": REPORTED}


def table(
    measures: pd.DataFrame,
    titles: Mapping[str, str],
    reported: pd.DataFrame,
    variant: str = "nasbench201",
) -> pd.DataFrame:
    """Return one row for each method, data set, population, subset and measure.

    Methods stand in the order of `titles`. What others reported is of NAS-Bench-201.
    """
    everything = measures.rename(columns={"name": "measure"})
    groups = everything.groupby(["method", *KEYS], sort=False)
    rows = groups.agg(
        mean=("value", "mean"),
        std=("value", "std"),
        low=("low", "mean"),
        high=("high", "mean"),
        architectures=("architectures", "first"),
        seeds=("seed", "nunique"),
    ).reset_index()
    rows.insert(1, "title", rows.method.map(titles))
    of = (reported.table == "ranking") & (variant == "nasbench201")
    known = reported[of].drop(columns=["table", "source"])
    known = known.assign(
        subset=np.where(known.measure.str.endswith("_top"), "top", "all"),
        measure=known.measure.str.removesuffix("_top"),
        population="all",
    )
    rows = rows.merge(known, how="left", on=["method", *KEYS])
    rows["difference"] = rows["mean"] - rows.reported
    order = {name: place for place, name in enumerate(titles)}
    return rows.sort_values("method", key=lambda names: names.map(order), kind="stable")


def show(
    frame: pd.DataFrame, ranking: Mapping[str, Any], families: Mapping[str, str]
) -> list[Block]:
    """Return correlations of all architectures, of the best and of patterns; then the best k."""
    first = frame[frame.population == "all"]
    parts = {
        "All {n:,} architectures": first[first.subset == "all"],
        f"Inside the true top {ranking['top_share']:.0%} ({{n:,}} architectures)": first[
            first.subset == "top"
        ],
        "One architecture per distinct live pattern ({n:,})": frame[
            (frame.population == "unique") & (frame.subset == "all")
        ],
    }
    blocks: list[Block] = [
        _shown(part, families, heading.format(n=int(part.architectures.iloc[0])), _correlations)
        for heading, part in parts.items()
    ]
    k = max(ranking["at"])
    blocks.append(_shown(first, families, f"The best {k} by score", lambda part: _best(part, k)))
    return blocks


def _shown(part: pd.DataFrame, families: Mapping[str, str], title: str, row: Any) -> Shown:
    rows = {name: row(method) for name, method in part.groupby("method", sort=False)}
    marks = ["leaked" if families.get(str(name)) == "leaked" else "" for name in rows]
    shown = Shown(list(rows.values()), title, marks=marks)
    lower = ("regret", "rank")
    better = {n: -1 if n.startswith(lower) else 1 for n in shown.columns if n != "seeds"}
    return Shown(shown.rows, title, better, marks)


def _correlations(method: pd.DataFrame) -> dict[str, Entry]:
    """Return a method's Kendall's tau and Spearman's rho on every data set."""
    row: dict[str, Entry] = {"method": method.title.iloc[0], "seeds": count(method.seeds.max())}
    for measure, short in SHORT.items():
        for _, of in method[method.measure == measure].iterrows():
            row[f"{short} {of.dataset}"] = mean_of(of, interval=measure == "kendall_tau")
    return row


def _best(method: pd.DataFrame, k: int) -> dict[str, Entry]:
    """Return a method's precision, regret and true rank at k on every data set."""
    row: dict[str, Entry] = {"method": method.title.iloc[0]}
    for short in ("precision", "regret", "rank"):
        for _, of in method[method.measure == f"{short}_at_{k}"].iterrows():
            digits = 0 if short == "rank" else 2
            row[f"{short}@{k} {of.dataset}"] = mean_of(of, digits=digits)
    return row


def figure(frame: pd.DataFrame, families: Mapping[str, str], ranking: Mapping[str, Any]) -> Figure:
    """Return Kendall's tau of every method: one row per method, one panel per data set.

    Filled markers stand for all architectures, open ones for the truly best share; a thin bar is
    the bootstrap interval over architectures, a pale thick one a standard deviation over seeds to
    either side.
    """
    chosen = frame[(frame.measure == "kendall_tau") & (frame.population == "all")]
    methods = [method for method in families if method in set(chosen.method)]
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 1.1 + 0.34 * len(methods)))
        panels = np.atleast_1d(
            drawn.subplots(1, len(ranking["datasets"]), sharex=True, sharey=True)
        )
        for panel, dataset in zip(panels, ranking["datasets"], strict=True):
            panel.axvline(0, color=style.BLACK, linewidth=0.8)
            for _, row in chosen[chosen.dataset == dataset].iterrows():
                place = methods.index(row.method) + (OFFSET if row.subset == "top" else -OFFSET)
                _draw_tau(panel, row, place, families[row.method])
            panel.set_title(style.dataset_title(dataset))
            panel.set_xlabel(style.TAU)
            panel.grid(visible=False, axis="y")
            panel.tick_params(axis="y", length=0)
        first = chosen.drop_duplicates("method").set_index("method").loc[methods]
        panels[0].set_yticks(range(len(methods)), [_label(row) for _, row in first.iterrows()])
        panels[0].set_ylim(len(methods) - 0.5, -0.5)
        drawn.legend(handles=_keys(chosen, families, ranking), ncols=4, **style.BELOW)
    return drawn


def _draw_tau(panel: Axes, row: pd.Series, place: float, family: str) -> None:
    colour = style.FAMILY_COLOURS[family]
    if not np.isfinite(row["mean"]):
        text = "undefined: constant scores"
        panel.text(0.01, place, text, color=colour, fontsize=6, va="center")
        return
    spread = (row["mean"] - row["std"], row["mean"] + row["std"])
    if np.isfinite(row["std"]):
        panel.plot(spread, (place, place), color=colour, **style.pale(5))
    panel.plot((row["low"], row["high"]), (place, place), color=colour, lw=1)
    panel.plot(
        row["mean"],
        place,
        marker=style.method_marker(row.method),
        color=colour,
        markerfacecolor="white" if row.subset == "top" else colour,
        markeredgewidth=0.8,
    )


def _label(row: pd.Series) -> str:
    text = "\n".join(textwrap.wrap(row.title, 30))
    return f"{text} ({row.seeds} seeds)" if row.seeds > 1 else text


def _keys(
    chosen: pd.DataFrame, families: Mapping[str, str], ranking: Mapping[str, Any]
) -> list[Line2D]:
    sizes = chosen.groupby("subset").architectures.first()
    dot: dict[str, Any] = {"color": style.GREY, "marker": "o", "linestyle": ""}
    top = f"inside the true top {ranking['top_share']:.0%} (n = {sizes['top']:,})"
    keys = [
        Line2D([], [], **dot, label=f"all (n = {sizes['all']:,})"),
        Line2D([], [], **dot, markerfacecolor="white", label=top),
        Line2D([], [], color=style.GREY, lw=1, label=f"{ranking['level']:.0%} bootstrap interval"),
        Line2D([], [], color=style.GREY, **style.pale(5), label="± std over seeds"),
    ]
    return keys + [
        Line2D([], [], color=colour, lw=3, label=style.FAMILY_TITLES[family])
        for family, colour in style.FAMILY_COLOURS.items()
        if family in families.values()
    ]
