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
from tgnas.results._tables import OVER_SEEDS, SHORT, Block, Entry, Shown, count, mean_of
from tgnas.workflow.sheet import EARLIER, EARLIER_NUMBERS

TITLE = "Every method's ranks, {target}"
FIGURE_TITLE = "Kendall's tau of every method, {target}"
SECTION = "Ranking {target}"
CAPTION = """
{about} Kendall's tau-b (KT), Spearman's rho (SPR), precision, regret and true rank of the k
best-scored; on one architecture per distinct live pattern, on all, inside the truly best share of
all. Mean ± standard deviation over {seeds:seed} [{ranking[level]:.0%} bootstrap interval of the
mean, {resamples} resamples of live patterns and of seeds]; {ranking[split]} accuracy after
{ranking[epochs]:epoch}; higher is better but for regret and rank.{quoted}
"""
FIGURE_CAPTION = """
Kendall's tau of every method's scores with the {ranking[split]} accuracies of {target} after
{ranking[epochs]:epoch}, on each data set: filled markers on one architecture per distinct live
pattern, open ones on all architectures where these are more; how many they are stands in the key.
Thin bars are bootstrap intervals ({resamples} resamples of live patterns and of seeds), pale thick
bars one standard deviation over {seeds:seed} to either side. An interval that is not seen is
narrower than its marker. A leaked row chose its epoch on the test labels and is no zero-shot
result.{quoted}
"""
QUOTED = " Numbers of an earlier run, made at the commit that is named, have no interval: {}."
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
    "digits201": (
        "How every method's scores rank the 1,000 NAS-Bench-201 architectures that digits-bench "
        "has trained, by their test accuracy on scikit-learn's digits. Predictors learned from "
        "accuracies of NAS-Bench-101 cells on digits alone."
    ),
    "nasbench_graph": (
        "How every method's scores rank the 26,206 graph networks of NAS-Bench-Graph by their "
        "test accuracy on citation and product graphs."
    ),
}
COLUMNS = {
    "method": "id of the method, as in the sheet of experiments",
    "title": "how rendered tables call it",
    "dataset": "data set of the accuracies",
    "population": (
        "`unique`: the first architecture in index order of each live pattern; `all`; `common`: "
        "those that every method has a score of, where some lack any"
    ),
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
        "lower end of the bootstrap interval of Kendall's tau, resampling live patterns and seeds "
        "(`ranking.level`); empty where none is made"
    ),
    "high": "its upper end",
    "architectures": "how many the measure is of",
    "seeds": "how many seeds the mean is of",
    "commit": "of an earlier run whose numbers they are; empty for those of this run",
    "reported": "what was reported by others (`config/reported.csv`), where it is known",
    "difference": "mean less reported",
}
KEYS = ["dataset", "population", "subset", "measure"]
UNIQUE, ALL, COMMON = "unique", "all", "common"
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
    ranking, families = plan.ranking(variant), plan.families(variant)
    quoted = [plan.titles(variant)[name] for name in families if families[name] == EARLIER]
    return {
        "target": style.benchmark_name(variant),
        "about": about,
        "seeds": plan.config.seeds,
        "resamples": ranking["resamples"],
        "titles": plan.titles(variant),
        "families": families,
        "quoted": QUOTED.format(", ".join(quoted)) if quoted else "",
        "ranking": ranking,
        "variant": variant,
    }


def inputs(variant: str) -> dict[str, Any]:
    """Return the measures of every method, and the numbers of others and of earlier runs."""
    measures = f"<results>/measures/{variant}.csv"
    return {"measures": measures, "reported": REPORTED, "earlier": EARLIER_NUMBERS}


def table(
    measures: pd.DataFrame,
    titles: Mapping[str, str],
    families: Mapping[str, str],
    reported: pd.DataFrame,
    earlier: pd.DataFrame,
    variant: str = "nasbench201",
) -> pd.DataFrame:
    """Return one row for each method, data set, population, subset and measure.

    Methods stand in the order of `titles`; those of the family earlier have the numbers of earlier
    runs. What others reported is of NAS-Bench-201.
    """
    everything = measures.rename(columns={"name": "measure"})
    groups = everything.groupby(["method", *KEYS], sort=False)
    rows = groups.agg(**OVER_SEEDS).reset_index()
    names = [name for name, family in families.items() if family == EARLIER]
    quoted = earlier[(earlier.benchmark == variant) & earlier.method.isin(names)]
    rows = pd.concat([rows, quoted.drop(columns="benchmark")], ignore_index=True)
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
    """Return correlations of distinct architectures, of all and of the best; then the best k."""
    first = frame[frame.population == ALL]
    parts = {
        "One architecture per distinct live pattern ({n:,})": _of(frame, UNIQUE),
        "All {n:,} architectures": _of(frame, ALL),
        "The {n:,} architectures that every method has a score of": _of(frame, COMMON),
        f"Inside the true top {ranking['top_share']:.0%} of all ({{n:,}} architectures)": _of(
            frame, ALL, "top"
        ),
    }
    sizes = frame[frame.subset == "all"].groupby("population").architectures.max()
    if sizes.get(UNIQUE) == sizes[ALL]:  # no two have one live pattern
        parts.pop("All {n:,} architectures")
    blocks: list[Block] = [
        _shown(part, families, heading.format(n=int(part.architectures.max())), _correlations)
        for heading, part in parts.items()
        if len(part)
    ]
    k = max(ranking["at"])
    blocks.append(_shown(first, families, f"The best {k} of all by score", lambda p: _best(p, k)))
    return blocks


def _of(frame: pd.DataFrame, population: str, subset: str = "all") -> pd.DataFrame:
    return frame[(frame.population == population) & (frame.subset == subset)]


def _shown(part: pd.DataFrame, families: Mapping[str, str], title: str, row: Any) -> Shown:
    rows = {name: row(method) for name, method in part.groupby("method", sort=False)}
    marks = ["leaked" if families.get(str(name)) == "leaked" else "" for name in rows]
    shown = Shown(list(rows.values()), title, marks=marks)
    lower = ("regret", "rank")
    better = {n: -1 if n.startswith(lower) else 1 for n in shown.columns if n != "seeds"}
    return Shown(shown.rows, title, better, marks)


def _correlations(method: pd.DataFrame) -> dict[str, Entry]:
    """Return a method's Kendall's tau and Spearman's rho on every data set."""
    row: dict[str, Entry] = {"method": _title(method), "seeds": count(method.seeds.max())}
    for measure, short in SHORT.items():
        for _, of in method[method.measure == measure].iterrows():
            row[f"{short} {of.dataset}"] = mean_of(of, interval=measure == "kendall_tau")
    return row


def _title(method: pd.DataFrame) -> str:
    """Return how a row calls its method: with the commit whose number it is, if not this run's."""
    first = method.iloc[0]
    return first.title if pd.isna(first.commit) else f"{first.title} [{first.commit}]"


def _best(method: pd.DataFrame, k: int) -> dict[str, Entry]:
    """Return a method's precision, regret and true rank at k on every data set."""
    row: dict[str, Entry] = {"method": _title(method)}
    for short in ("precision", "regret", "rank"):
        for _, of in method[method.measure == f"{short}_at_{k}"].iterrows():
            digits = 0 if short == "rank" else 2
            row[f"{short}@{k} {of.dataset}"] = mean_of(of, digits=digits)
    return row


def figure(frame: pd.DataFrame, families: Mapping[str, str], ranking: Mapping[str, Any]) -> Figure:
    """Return Kendall's tau of every method: one row per method, one panel per data set.

    Filled markers stand for distinct architectures, open ones for all where these are more; a thin
    bar is the bootstrap interval, a pale thick one a standard deviation over seeds to either side.
    """
    chosen = frame[(frame.measure == "kendall_tau") & (frame.subset == "all")]
    sizes = chosen.groupby("population").architectures.max()
    drawn_of = [UNIQUE, ALL] if sizes[UNIQUE] < sizes[ALL] else [UNIQUE]
    chosen = chosen[chosen.population.isin(drawn_of)]
    methods = [method for method in families if method in set(chosen.method)]
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 1.1 + 0.34 * len(methods)))
        panels = np.atleast_1d(
            drawn.subplots(1, len(ranking["datasets"]), sharex=True, sharey=True)
        )
        for panel, dataset in zip(panels, ranking["datasets"], strict=True):
            panel.axvline(0, color=style.BLACK, linewidth=0.8)
            for _, row in chosen[chosen.dataset == dataset].iterrows():
                place = methods.index(row.method) + (OFFSET if row.population == ALL else -OFFSET)
                _draw_tau(panel, row, place, families[row.method])
            panel.set_title(style.dataset_title(dataset))
            panel.set_xlabel(style.TAU)
            panel.grid(visible=False, axis="y")
            panel.tick_params(axis="y", length=0)
        first = chosen.drop_duplicates("method").set_index("method").loc[methods]
        panels[0].set_yticks(range(len(methods)), [_label(row) for _, row in first.iterrows()])
        panels[0].set_ylim(len(methods) - 0.5, -0.5)
        drawn.legend(handles=_keys(sizes[drawn_of], families, ranking), ncols=4, **style.BELOW)
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
        markerfacecolor="white" if row.population == ALL else colour,
        markeredgewidth=0.8,
    )


def _label(row: pd.Series) -> str:
    text = "\n".join(textwrap.wrap(_title(row.to_frame().T), 30))
    return f"{text} ({row.seeds} seeds)" if row.seeds > 1 else text


def _keys(
    sizes: pd.Series, families: Mapping[str, str], ranking: Mapping[str, Any]
) -> list[Line2D]:
    dot: dict[str, Any] = {"color": style.GREY, "marker": "o", "linestyle": ""}
    keys = [Line2D([], [], **dot, label=f"distinct architectures (n = {sizes[UNIQUE]:,.0f})")]
    if ALL in sizes:
        label = f"all architectures (n = {sizes[ALL]:,.0f})"
        keys.append(Line2D([], [], **dot, markerfacecolor="white", label=label))
    keys += [
        Line2D([], [], color=style.GREY, lw=1, label=f"{ranking['level']:.0%} bootstrap interval"),
        Line2D([], [], color=style.GREY, **style.pale(5), label="± std over seeds"),
    ]
    return keys + [
        Line2D([], [], color=colour, lw=3, label=style.FAMILY_TITLES[family])
        for family, colour in style.FAMILY_COLOURS.items()
        if family in families.values()
    ]
