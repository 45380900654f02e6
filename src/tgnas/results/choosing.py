"""What `--predictor` takes, on benchmarks whose networks differ in more than their cells."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tgnas.registry import GRAPH_PROXIES
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Code, Entry, Shown, count, mean_of
from tgnas.results.differences import difference
from tgnas.results.zero_shot import COLUMNS as WHOLE
from tgnas.results.zero_shot import leading

TITLE = "Which score to take"
SECTION = "Any space"
PAGE = "choosing"
PLACE = 9
CAPTION = """
Kendall's tau of what comes with the package, by the names that `--predictor` takes, on one
architecture of each live pattern [{level:.0%} interval of {resamples} bootstrap resamples of
patterns]. A shipped predictor is the mean score of its seeds. What is joined by `+` is a mean rank,
here over every seed of `canonical`; `--predictor` joins the mean score of the seeds. Differences
are paired: how much higher the tau of the first is than that of the second.
"""
MADE_BY = "others"
COLUMNS = {
    "predictor": "what `--predictor` takes",
    "less": "whose tau is taken off; empty in rows of one predictor",
    **{name: WHOLE[name] for name in ("benchmark", "dataset", "split", "population")},
    **{name: WHOLE[name] for name in ("mean", "std", "low", "high", "architectures")},
}


def params(plan: Plan) -> dict[str, Any]:
    """Return what the command line calls the methods, and how they are measured."""
    config = plan.config
    shipped = {entry.predictor: name for name, entry in config.shipped.items()}
    methods = config.zero_shot.methods
    taken = {n: n for n in methods if n in config.shipped or n in GRAPH_PROXIES.names()}
    taken |= {
        name: "+".join(shipped.get(member, member) for member in config.ensembles[name].members)
        for name in methods
        if name in config.ensembles
    }
    return {
        "taken": taken,
        "level": config.ranking.level,
        "resamples": config.ranking.resamples,
    }


def inputs() -> dict[str, Any]:
    """Return the tables of all methods and pairs."""
    whole = "<results>/tables/zero_shot"
    return {"ranked": f"{whole}.csv", "paired": f"{whole}_differences.csv"}


def table(ranked: pd.DataFrame, paired: pd.DataFrame, taken: Mapping[str, str]) -> pd.DataFrame:
    """Return a row for each predictor and benchmark, then one for each pair and benchmark."""
    alone = leading(ranked[ranked.method.isin(taken)])
    alone = alone.assign(predictor=alone.method.map(taken), less="")
    populations = alone.drop_duplicates("benchmark").set_index("benchmark").population
    pairs = paired[paired["first"].isin(taken) & paired["second"].isin(taken)]
    pairs = pairs[pairs.population == pairs.benchmark.map(populations)]
    pairs = pairs.assign(
        predictor=pairs["first"].map(taken),
        less=pairs["second"].map(taken),
        mean=pairs.difference,
    )
    return pd.concat([alone, pairs], ignore_index=True)[list(COLUMNS)]


def show(frame: pd.DataFrame, taken: Mapping[str, str]) -> list[Block]:
    """Return a row for each predictor, and one for each pair; a column for each benchmark."""
    single = frame.less.fillna("") == ""
    alone, pairs = frame[single], frame[~single]
    taus: dict[str, dict[str, Entry]] = {name: {} for name in taken.values()}
    differences: dict[str, dict[str, Entry]] = {}
    sizes: dict[str, Entry] = {}
    for row in alone.itertuples():
        taus[str(row.predictor)][_place(row)] = mean_of(row._asdict(), interval=True)
        sizes[_place(row)] = count(row.architectures)
    for row in pairs.itertuples():
        pair = f"`{row.predictor}`, less `{row.less}`"
        differences.setdefault(pair, {})[_place(row)] = difference(
            pd.Series(row._asdict()).rename({"mean": "difference"})
        )
    rows = [{"predictor": Code(name), **of} for name, of in taus.items() if of]
    return [
        Shown([*rows, {"predictor": "architectures", **sizes}], "Kendall's tau"),
        Shown([{"predictor": pair, **of} for pair, of in differences.items()], "Paired"),
    ]


def _place(row: Any) -> str:
    return f"{style.benchmark_name(row.benchmark)}, {style.dataset_title(row.dataset)}"
