"""Training-free proxies beside predictors on the same samples: how they rank, what they cost."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.registry import GRAPH_PROXIES, NETWORK_PROXIES
from tgnas.results import _style as style
from tgnas.results._catalogue import REPORTED, Plan
from tgnas.results._tables import (
    SHORT,
    UNKNOWN,
    Block,
    Entry,
    Number,
    Shown,
    count,
    mean_of,
    significant,
)

TITLE = "Proxies on real networks"
SECTION = "Training-free proxies"
PAGE = "proxies"
MADE_BY = "proxies"
CAPTION = """
Training-free proxies on real networks, predictors and trivial baselines on the same random
architectures. [{ranking[level]:.0%} bootstrap interval, {ranking[resamples]} resamples of live
patterns and of seeds]; ± is the standard deviation over seeds. Zero-cost proxies see
{settings[batch]} images, of CIFAR-10 where no other data set is named, also where accuracy is on
another; seed {settings[seed]}, initialisation {settings[initialisation]}. An architecture on which
a method fails is left out of its correlation and counted; so is a dead one for every zero-cost
proxy. Milliseconds are processor time of one core, each architecture alone, the median; `build` is
making the network or parsing the cell. `batched` is time for each where all are scored at once,
which only graph proxies and predictors can. † the formula is not certain.
"""
_MEASURES = {
    "{}": "{}",
    "{} std": "its standard deviation over seeds",
    "{} low": "lower end of its bootstrap interval",
    "{} high": "its upper end",
}
_CORRELATIONS = {
    "KT": "Kendall's tau-b",
    "KT top": "Kendall's tau-b inside the truly best share",
    "SPR": "Spearman's rho",
    "SPR top": "Spearman's rho inside the truly best share",
}
COLUMNS = {
    "method": "id of the method",
    "title": "how rendered tables call it",
    "cost": (
        "what the work grows with: counting, forward, backward, second order, backward of each "
        "image; or `trained predictor`"
    ),
    "certain": "whether the formula is known; others are marked † and left out of claims",
    "images": "whether it needs images of the target",
    "labels": "whether it needs their labels",
    "backward": "whether it goes backward",
    "benchmark": "whose sample",
    "inputs": "data set whose images the networks see",
    "dataset": "data set of the accuracies",
    "population": "`all`: what the method has a score of; `common`: where no method fails",
    "architectures": "how many the correlations are of",
    "seeds": "seeds of the method",
    "failures": "architectures with a component that is not finite",
    "milliseconds": "median of scoring one architecture alone, on one core",
    "build": "median of building its network; of cells, of parsing",
    "batched": "milliseconds for each where all are scored at once; empty for zero-cost proxies",
    **{
        name.format(short): text.format(long)
        for short, long in _CORRELATIONS.items()
        for name, text in _MEASURES.items()
    },
    "reported_measure": "which measure a paper published",
    "reported_source": "where it stands",
    "reported": "what it published",
    "difference": "ours less reported",
}
PLACE_KEYS = ["benchmark", "inputs", "dataset"]
KEYS = ["method", *PLACE_KEYS, "population"]
COSTS = ["failures", "milliseconds", "build", "batched"]
OWN_INPUTS = "cifar10"  # images that networks see unless the config names others
COMMON = "common"  # population of the architectures on which no method fails
NEEDS = ("images", "labels", "backward")
TRAINED = "trained predictor"


def params(plan: Plan) -> dict[str, Any]:
    """Return titles, samples and settings."""
    about = {
        name: {key: sample[key] for key in ("benchmark", "inputs")}
        for name, sample in plan.samples.items()
    }
    return {
        "titles": plan.all_titles,
        "samples": list(about.values()),
        "names": list(about),
        "settings": plan.config.proxies.model_dump(include={"seed", "batch", "initialisation"}),
        "ranking": plan.config.ranking.model_dump(include={"top_share", "level", "resamples"}),
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the measures of every sample."""
    measures = [f"<results>/measures/{name}.csv" for name in plan.samples]
    return {"measures": measures, "reported": REPORTED}


def loaded() -> list[str]:
    """Return the modules that hold the cards of all proxies."""
    families = (NETWORK_PROXIES, GRAPH_PROXIES)
    return [family.module_name(name) for family in families for name in family.names()]


def describe(method: str, titles: Mapping[str, str]) -> dict[str, Any]:
    """Return title, cost class, needs and certainty of a method, from its card if it has one."""
    if method in NETWORK_PROXIES.names():
        card = NETWORK_PROXIES.module(method).CARD
        about = {"title": card.title, "cost": card.cost, "certain": card.certain}
        return about | {need: need in card.needs.split(", ") for need in NEEDS}
    certain = True
    if method in GRAPH_PROXIES.names():
        card = GRAPH_PROXIES.module(method).CARD
        title, cost, certain = card.title, "counting", getattr(card, "certain", True)
    else:
        title, cost = titles.get(method, method), TRAINED
    return {"title": title, "cost": cost, "certain": certain} | dict.fromkeys(NEEDS, False)


def table(
    measures: Sequence[pd.DataFrame],
    samples: Sequence[Mapping[str, str]],
    titles: Mapping[str, str],
    reported: pd.DataFrame,
) -> pd.DataFrame:
    """Return one row per method, benchmark, inputs, data set and population.

    A difference is of Kendall's tau, or of Spearman's rho where only that is known: see
    `reported_measure`.

    Args:
        measures: what ``measure_sample`` returns of each sample.
        samples: benchmark and inputs of each sample.
        titles: of the methods that have no card.
        reported: the numbers that others reported.
    """
    every = pd.concat([of.assign(**about) for of, about in zip(measures, samples, strict=True)])
    chosen = every[every.name.isin(SHORT)]
    label = chosen.name.map(SHORT) + np.where(chosen.subset == "top", " top", "")
    groups = chosen.assign(label=label).groupby([*KEYS, "label"], sort=False)
    wide = groups.agg(
        mean=("value", "mean"), std=("value", "std"), low=("low", "mean"), high=("high", "mean")
    ).unstack("label")
    wide.columns = [f"{name} {part}".removesuffix(" mean") for part, name in wide.columns]
    # A small sample has no top.
    wide = wide.reindex(columns=[name for name in COLUMNS if name.startswith(("KT", "SPR"))])
    everyone = chosen[chosen.subset == "all"].groupby(KEYS, sort=False)
    about = everyone.agg(
        architectures=("architectures", "first"),
        seeds=("seed", "nunique"),
        **{cost: (cost, "first") for cost in COSTS},
    )
    rows = _with_reported(about.join(wide).reset_index(), reported)  # in the order of the measures
    described = [{"method": m} | describe(m, titles) for m in rows.method.unique()]
    rows = rows.merge(pd.DataFrame(described), on="method")
    order = {name: place for place, name in enumerate(every.method.unique())}
    rows = rows.sort_values("method", key=lambda names: names.map(order), kind="stable")
    first = ["method", "title", "cost", "certain", *NEEDS]
    return rows[[*first, *(c for c in rows if c not in first)]].reset_index(drop=True)


def _with_reported(table: pd.DataFrame, reported: pd.DataFrame) -> pd.DataFrame:
    """Add what others reported on NAS-Bench-201, Kendall's tau before Spearman's rho."""
    claims = reported[reported.table == "proxies"].sort_values("measure", kind="stable")
    claims = claims.drop_duplicates(["method", "dataset"])
    claims = claims.assign(benchmark="nasbench201", inputs=OWN_INPUTS)
    claims = claims.rename(columns={"measure": "reported_measure", "source": "reported_source"})
    kept = ["method", *PLACE_KEYS, "reported_measure", "reported", "reported_source"]
    table = table.merge(claims[kept], how="left", on=["method", *PLACE_KEYS])
    ours = np.where(table.reported_measure == "spearman_rho", table.SPR, table.KT)
    return table.assign(difference=ours - table.reported)


def show(frame: pd.DataFrame, ranking: Mapping[str, Any]) -> list[Block]:
    """Return the comparison: tau, rho, inside the top, on common architectures, cost and needs."""
    own = frame[frame.population != COMMON]
    common = frame[frame.population == COMMON]
    sizes = ", ".join(
        f"{int(part.architectures.max()):,} of {_place(*place)}"
        for place, part in own.groupby(PLACE_KEYS[:2], sort=False)
    )
    title = f"Kendall tau inside the true top {ranking['top_share']:.0%}"
    top = own[own.groupby(PLACE_KEYS)["KT top"].transform("count") > 0]
    return [
        _by_place("Kendall tau", own, lambda row: mean_of(row, "KT", interval=True)),
        _by_place("Spearman rho", own, lambda row: mean_of(row, "SPR")),
        _by_place(title, top, lambda row: mean_of(row, "KT top", interval=True)),
        _by_place(
            "Kendall tau on the architectures on which no method fails",
            common,
            lambda row: mean_of(row, "KT"),
        ),
        _costs(own),
        _published(own[own.reported.notna()]),
        f"Random samples: {sizes}.",
    ]


def _by_place(title: str, part: pd.DataFrame, entry: Callable[[pd.Series], Entry]) -> Shown:
    """Return one row per method, one column per benchmark, inputs and data set."""
    places = part.drop_duplicates(PLACE_KEYS)[PLACE_KEYS].to_numpy().tolist()
    rows = []
    for _, method in part.groupby("method", sort=False):
        row: dict[str, Entry] = {"method": name_of(method.iloc[0])}
        for place in places:
            here = method[(method[PLACE_KEYS] == place).all(axis=1)]
            row[_place(*place)] = UNKNOWN if here.empty else entry(here.iloc[0])
        rows.append(row)
    return Shown(rows, title, {_place(*place): 1 for place in places})


def name_of(row: pd.Series) -> str:
    """Return how tables and figures call a row's method."""
    return row["title"] + ("" if row["certain"] else " †")


def _place(benchmark: str, inputs: str, dataset: str = "") -> str:
    title = style.benchmark_title(benchmark)
    title += f" {dataset}" if dataset and benchmark == "nasbench201" else ""
    return title if inputs == OWN_INPUTS else f"{title}, {style.dataset_title(inputs)} images"


def _costs(own: pd.DataFrame) -> Shown:
    """Return one row per method: milliseconds and failures on each benchmark, needs."""
    places = own.drop_duplicates(PLACE_KEYS[:2])[PLACE_KEYS[:2]].to_numpy().tolist()
    rows = []
    for _, method in own.groupby("method", sort=False):
        first = method.iloc[0]
        row: dict[str, Entry] = {"method": name_of(first), "work": first["cost"]}
        row |= {need: "yes" if first[need] else "no" for need in NEEDS}
        for place in places:
            title = _place(*place)
            here = method[(method[PLACE_KEYS[:2]] == place).all(axis=1)]
            if here.empty:
                row |= {f"{title} ms": UNKNOWN, f"{title} failures": UNKNOWN}
                continue
            of = here.iloc[0]
            costs = f"{significant(of['milliseconds'])} + {significant(of['build'])} build"
            if np.isfinite(of["batched"]):
                costs += f" ({significant(of['batched'])} batched)"
            row |= {f"{title} ms": costs, f"{title} failures": count(of["failures"])}
        rows.append(row)
    return Shown(rows, "Cost and needs")


def _published(known: pd.DataFrame) -> Shown:
    rows = [
        {
            "method": name_of(row),
            "data set": row["dataset"],
            "measure": SHORT[row["reported_measure"]],
            "ours": Number(row[SHORT[row["reported_measure"]]]),
            "published": Number(row["reported"]),
            "difference": Number(row["difference"], "+.3f"),
            "source": row["reported_source"],
        }
        for _, row in known.iterrows()
    ]
    return Shown(rows, "Beside published values (NAS-Bench-201)")
