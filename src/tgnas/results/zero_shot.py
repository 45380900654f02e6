"""Twelve benchmarks that the weights of the package rank, beside counts and stored proxies."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tgnas.registry import GRAPH_PROXIES
from tgnas.results import _style as style
from tgnas.results._catalogue import REPORTED, Plan
from tgnas.results._tables import OVER_SEEDS, UNKNOWN, Block, Entry, Number, Shown, mean_of

TITLE = "{places} benchmarks, without any training"
SECTION = "Reported and reproduced"
PAGE = "zero_shot"
PLACE = 1
CAPTION = """
How the weights that come with the package ({weights}) rank {places} benchmarks, no label of whose
ranked architectures they have learned. NAS-Bench-101: {sampled} random cells, none of which a
ranked predictor has learned from; the authors' configuration learned from all cells and has no row
there. TransNAS-Bench-101 stands by its validation metric where no other split is named. `joined` is
the mean score of a predictor's members, one for each seed of its training; rows of single
predictors are mean ± standard deviation over these, and ensembles are mean ranks. Intervals:
{ranking[level]:.0%} bootstrap over architectures, {ranking[resamples]} resamples. Stored proxies
are those that NAS-Bench-Suite-Zero, FreeREA and NASLib published, on the architectures that they
published them for; AZ-NAS's numbers are its authors'.
"""
FIGURE_TITLE = "Kendall's tau on {places} benchmarks"
FIGURE_CAPTION = """
Kendall's tau of the weights that come with the package, and of counting, on one architecture of
each live pattern; bars are {ranking[level]:.0%} bootstrap intervals over architectures.
"""
COLUMNS = {
    "method": "id of the method",
    "title": "how rendered tables call it",
    "benchmark": "whose architectures are ranked",
    "dataset": "data set, or task, of the accuracies",
    "split": "split of the accuracies",
    "population": (
        "`all` architectures, or `unique`: the first in index order of each live pattern"
    ),
    "measure": "`kendall_tau` (tau-b) or `spearman_rho`",
    "mean": "mean over seeds",
    "std": "standard deviation over seeds; empty for one",
    "low": "lower end of the bootstrap interval (`ranking.level`); empty where none is made",
    "high": "its upper end",
    "architectures": "how many the measure is of",
    "seeds": "how many seeds the mean is of",
    "weights": "first digits of the sha256 of the weights; empty where the method has none",
    "reported": "what the authors of a method reported (`config/reported.csv`), where it is known",
}
KEYS = ["method", "benchmark", "dataset", "split", "population", "measure"]
PLACES = ["benchmark", "dataset", "split"]
TRANSNAS = "transnas_micro"
# One proxy has two names among those who stored it.
ALIASES = {"nwot": "naswot"}
SUFFIX = "_stored"
COLOURS = (style.VERMILLION, style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.GREY)


def params(plan: Plan) -> dict[str, Any]:
    """Return the methods with their titles, and what they are measured on."""
    from tgnas.workflow.populations import ZERO_SHOT, populations
    from tgnas.workflow.provenance import weights_digest

    config = plan.config
    planned = populations(config, plan.sheets)
    ranked = {
        name: {"benchmark": one.benchmark, **one.labels}
        for name, one in planned.items()
        if ZERO_SHOT in name
    }
    shipped = {name: entry.predictor for name, entry in config.shipped.items()}
    used = {name: p for name, p in shipped.items() if {name, p} & set(config.zero_shot.methods)}
    digests = {name: weights_digest(name) for name in used}
    drawn = [one.architectures for one in config.zero_shot.benchmarks if one.architectures != "all"]
    return {
        "ranked": ranked,
        "titles": {name: _title(plan, name) for name in config.zero_shot.methods},
        "digests": digests | {used[name]: digest for name, digest in digests.items()},
        "weights": ", ".join(f"{name} {digest}" for name, digest in digests.items()),
        "sampled": " or ".join(f"{count:,}" for count in drawn) or "no",
        "drawn": list(config.zero_shot.headline),
        "places": sum(len(one.datasets) for one in config.zero_shot.benchmarks),
        "ranking": plan.ranking(),
    }


def _title(plan: Plan, method: str) -> str:
    config = plan.config
    if method in config.shipped:
        return f"{config.shipped[method].title}, joined"
    if method in GRAPH_PROXIES.names():
        return str(GRAPH_PROXIES.module(method).CARD.title)
    return plan.all_titles.get(method, method)


def loaded(plan: Plan) -> list[str]:
    """Return the graph proxies, whose cards hold their titles."""
    named = [name for name in plan.config.zero_shot.methods if name in GRAPH_PROXIES.names()]
    return [GRAPH_PROXIES.module_name(name) for name in named]


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the measures of each benchmark and split."""
    ranked = params(plan)["ranked"]
    files = [f"<results>/measures/{name}.csv" for name in ranked]
    return {"measures": files, "reported": REPORTED}


def table(
    measures: Sequence[pd.DataFrame],
    reported: pd.DataFrame,
    ranked: Mapping[str, Any],
    titles: Mapping[str, str],
    digests: Mapping[str, str],
) -> pd.DataFrame:
    """Return one row for each method, benchmark, data set, split, population and measure."""
    frames = [
        frame.assign(benchmark=about["benchmark"], split=about["split"])
        for frame, about in zip(measures, ranked.values(), strict=True)
    ]
    every = pd.concat(frames, ignore_index=True).rename(columns={"name": "measure"})
    known = every.measure.isin(["kendall_tau", "spearman_rho"]) & (every.subset == "all")
    chosen = every[known & every.population.isin(["all", "unique"])]
    rows = chosen.groupby(KEYS, sort=False).agg(**OVER_SEEDS).reset_index()
    of_others = _published(reported) if TRANSNAS in set(rows.benchmark) else None
    rows = pd.concat([rows.assign(reported=np.nan), of_others], ignore_index=True)
    rows["title"] = [titles.get(name) or _stored_title(name) for name in rows.method]
    rows["weights"] = rows.method.map(digests)
    return rows[list(COLUMNS)]


def _stored_title(method: str) -> str:
    name = method.removesuffix(SUFFIX)
    if "/" in method:
        return f"{method.partition('/')[2]}, as published"
    return f"{ALIASES.get(name, name)}, as stored"


def _published(reported: pd.DataFrame) -> pd.DataFrame:
    """Return what others published of TransNAS-Bench-101, all of whose architectures they rank."""
    rows = reported[reported.table == "zero_shot"]
    return pd.DataFrame(
        {
            "method": rows.method,
            "benchmark": TRANSNAS,
            "dataset": rows.dataset,
            "split": "validation",
            "population": "all",
            "measure": rows.measure,
            "reported": rows.reported,
        }
    )


def show(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[Block]:
    """Return tau on distinct architectures, its intervals, then all architectures of TransNAS."""
    first = leading(frame)
    trans = frame[(frame.benchmark == TRANSNAS) & (frame.population == "all")]
    blocks = [_methods("Kendall's tau, one architecture of each live pattern", first, titles)]
    blocks.append(_intervals(first[first.method.isin(titles)], titles))
    for measure, name in (("kendall_tau", "Kendall's tau"), ("spearman_rho", "Spearman's rho")):
        for split, part in trans[trans.measure == measure].groupby("split", sort=False):
            title = f"{name}, all architectures of {style.benchmark_name(TRANSNAS)}, {split} metric"
            blocks.append(_methods(title, part, titles, average=True))
    return list(blocks)


def leading(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of tau on distinct architectures, of each benchmark's first split.

    Of a sample, whose cells are distinct, it is all.
    """
    tau = frame[frame.measure == "kendall_tau"]
    splits = tau.drop_duplicates("benchmark").set_index("benchmark").split
    tau = tau[tau.split == tau.benchmark.map(splits)]
    distinct = tau.groupby("benchmark").population.transform(lambda of: "unique" in set(of))
    return tau[tau.population == np.where(distinct, "unique", "all")]


def _methods(
    title: str, part: pd.DataFrame, titles: Mapping[str, str], *, average: bool = False
) -> Shown:
    # In the order of the config; what others stored or published stands below.
    known = set(part.title)
    empty: dict[str, Entry] = {place_name(row): UNKNOWN for row in part.itertuples()}
    rows = {name: {"method": name, **empty} for name in titles.values() if name in known}
    for row in part.itertuples():
        entry = rows.setdefault(row.title, {"method": row.title, **empty})
        value = row.mean if np.isfinite(row.mean) else row.reported
        entry[place_name(row)] = Number(value, ".3f" if np.isfinite(row.mean) else ".2f", row.std)
    if average:
        places = part.drop_duplicates(PLACES).shape[0]
        for entry in rows.values():
            numbers = [one.value for one in entry.values() if isinstance(one, Number)]
            entry["mean"] = Number(np.mean(numbers)) if len(numbers) == places else UNKNOWN
    columns = list(dict.fromkeys(name for entry in rows.values() for name in entry))
    return Shown(list(rows.values()), title, dict.fromkeys(columns[1:], 1))


def _order(titles: Mapping[str, str]) -> Any:
    """Return the key that sorts methods as the config names them."""
    places = {name: place for place, name in enumerate(titles)}
    return lambda names: names.map(places)


def _intervals(part: pd.DataFrame, titles: Mapping[str, str]) -> Shown:
    """Return a row for each benchmark, a column for each method that the config names."""
    rows = []
    names = list(dict.fromkeys(part.sort_values("method", key=_order(titles)).title))
    for _, of_place in part.groupby(PLACES, sort=False):
        row: dict[str, Entry] = {
            "benchmark": place_name(of_place.iloc[0]),
            "architectures": Number(of_place.architectures.iloc[0], ",.0f"),
        }
        entries = {of.title: mean_of(of._asdict(), interval=True) for of in of_place.itertuples()}
        row |= {name: entries.get(name, UNKNOWN) for name in names}
        rows.append(row)
    return Shown(rows, "The same with intervals")


def figure(frame: pd.DataFrame, titles: Mapping[str, str], drawn: Sequence[str]) -> Figure:
    """Return a row for each benchmark with the tau and the interval of each method."""
    tau = leading(frame)
    places = [place_name(row) for row in tau.drop_duplicates(PLACES).itertuples()]
    step = 0.8 / len(drawn)
    looks: dict[str, dict[str, Any]] = {
        method: {"marker": style.method_marker(method), "color": COLOURS[place % len(COLOURS)]}
        for place, method in enumerate(drawn)
    }
    with style.styled():
        shown = Figure(figsize=(style.WIDE, 0.9 + 0.45 * len(places)))
        panel = shown.subplots()
        panel.axvline(0, color=style.BLACK, linewidth=0.8)
        for place, method in enumerate(drawn):
            for row in tau[tau.method == method].itertuples():
                at = places.index(place_name(row)) - 0.4 + (place + 0.5) * step
                panel.plot((row.low, row.high), (at, at), color=looks[method]["color"], lw=1)
                panel.plot(row.mean, at, **looks[method])
        panel.set_yticks(range(len(places)), places)
        panel.set_ylim(len(places) - 0.5, -0.5)
        panel.set_xlabel(style.TAU)
        panel.grid(visible=False, axis="y")
        panel.tick_params(axis="y", length=0)
        keys = [Line2D([], [], linestyle="", label=titles[m], **look) for m, look in looks.items()]
        shown.legend(handles=keys, ncols=2, **style.BELOW)
    return shown


def place_name(row: Any) -> str:
    """Return how tables call the benchmark and the data set of a row."""
    return f"{style.benchmark_title(row.benchmark)} {style.dataset_title(row.dataset)}"
