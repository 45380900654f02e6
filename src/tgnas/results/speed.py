"""What a method costs beside the predictor that is searched with, on NAS-Bench-201."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tgnas.resources.seals import read_parquet
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Shown, significant
from tgnas.results.proxies import OWN_INPUTS

TITLE = "What each method costs"
SECTION = "Training-free proxies"
PAGE = "proxies"
MADE_BY = "proxies"
CAPTION = """
What each method costs an architecture, on one core. Milliseconds are medians over architectures on
which all methods were timed in one go. Ratios are to {title}; its batched cost is what each costs
it where the whole sample is scored at once. `ratio with set-up` is of a whole search and counts the
seconds of embedding, training and loading of one seed on both sides; training can be shared by all
searches and set-up is counted nowhere else. Training's seconds are those of the run that trained.
"""
COLUMNS = {
    "method": "id of the method",
    "title": "how rendered tables call it",
    "cost": "what the work grows with",
    "batched": "milliseconds for each where the whole sample is scored at once",
    "milliseconds": (
        "median of scoring one architecture alone, of the `proxies.timed` that all methods share"
    ),
    "build": "median of building its network; of cells, of parsing",
    "total": "milliseconds and build together",
    "ratio": "total over the predictor's (`search.predictor`)",
    "ratio_scoring": "milliseconds over the predictor's",
    "ratio_batched": "total over the predictor's batched cost",
    "search_seconds": "total of `search.budget` architectures",
    "embedding": "seconds of embedding the operators",
    "training": "seconds of training one seed",
    "loading": "seconds of loading one seed",
    "search_ratio": "`search_seconds` over the predictor's",
    "search_ratio_with_setup": "the same with the seconds before the first score on both sides",
}
STEPS = ("embedding", "training", "loading")
BENCHMARK, SAMPLE = "nasbench201", "nasbench201_timed"


def _timed(plan: Plan) -> list[str]:
    """Return the predictors whose set-up stands apart."""
    return [
        name for name in plan.samples[f"{BENCHMARK}_sample"]["methods"] if name in plan.predictors
    ]


def params(plan: Plan) -> dict[str, Any]:
    """Return whose cost is the unit, and how many architectures a search scores."""
    reference = plan.config.search.predictor
    return {
        "reference": reference,
        "title": plan.all_titles.get(reference, reference),
        "queries": plan.config.search.budget,
        "setup_of": _timed(plan),
        "reported": plan.reported("speed"),
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the comparison, the tables of scores that were timed, and the set-ups."""
    return {
        "proxies": "<results>/tables/proxies.csv",
        "scores": plan.scores_of_sample(SAMPLE),
        "setups": [f"<results>/measures/setup/{name}.csv" for name in _timed(plan)],
    }


def table(
    proxies: pd.DataFrame,
    scores: Sequence[Any],
    setups: Sequence[pd.DataFrame],
    setup_of: Sequence[str],
    reference: str,
    queries: int,
) -> pd.DataFrame:
    """Return one row per method: its cost beside the reference's."""
    costs = median_costs({path.stem: read_parquet(path).to_pandas() for path in scores})
    pairs = zip(setups, setup_of, strict=True)
    setup = pd.concat([seconds.assign(method=name) for seconds, name in pairs])
    return summarise(proxies, costs, setup, reference, queries)


def median_costs(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return milliseconds and build of each method (the index): medians over its architectures."""
    medians = {name: table[["milliseconds", "build"]].median() for name, table in tables.items()}
    return pd.DataFrame(medians).T


def summarise(
    proxies: pd.DataFrame, costs: pd.DataFrame, setup: pd.DataFrame, reference: str, queries: int
) -> pd.DataFrame:
    """Return one row per method with its cost beside a reference predictor's.

    Args:
        proxies: the table of that name; it knows titles, kinds of work, batched costs.
        costs: what ``median_costs`` returns, of architectures that all methods were timed on in
            one go.
        setup: method, embedding, training, loading: seconds before the first score, of one seed.
        reference: a method of the table.
        queries: architectures that a search scores.
    """
    here = (proxies.benchmark == BENCHMARK) & (proxies.inputs == OWN_INPUTS)
    rows = proxies[here].drop_duplicates("method")[["method", "title", "cost", "batched"]]
    rows = rows.join(costs.loc[rows.method, ["milliseconds", "build"]], on="method")
    rows["total"] = rows.milliseconds + rows.build
    of = rows.set_index("method").loc[reference]
    rows["ratio"] = rows.total / of["total"]
    rows["ratio_scoring"] = rows.milliseconds / of["milliseconds"]
    rows["ratio_batched"] = rows.total / of["batched"]
    rows["search_seconds"] = queries * rows.total / 1e3
    rows = rows.merge(setup, how="left", on="method")
    needed = setup.set_index("method").loc[reference].sum()
    own = rows[list(STEPS)].sum(axis=1)
    before = queries * of["total"] / 1e3
    rows["search_ratio"] = rows.search_seconds / before
    rows["search_ratio_with_setup"] = (rows.search_seconds + own) / (before + needed)
    return rows


def show(frame: pd.DataFrame, reported: Sequence[Mapping[str, Any]], queries: int) -> list[Block]:
    """Return the ratios of cost, the most costly method first."""
    rows = [
        {
            "method": row["title"],
            "work": row["cost"],
            "ms per architecture": significant(row["total"]),
            "of it build": significant(row["build"]),
            "ratio": significant(row["ratio"], "x"),
            "ratio, scoring alone": significant(row["ratio_scoring"], "x"),
            "ratio to batched": significant(row["ratio_batched"], "x"),
            f"s per {queries:,} architectures": significant(row["search_seconds"]),
            "ratio with set-up": significant(row["search_ratio_with_setup"], "x"),
            **{f"{step} (s)": significant(row[step]) for step in STEPS},
        }
        for _, row in frame.sort_values("total", ascending=False, kind="stable").iterrows()
    ]
    return [
        Shown(rows),
        "\n".join(
            f"- reported {claim['measure']}: {claim['reported']:g} ({claim['source']})"
            for claim in reported
        ),
    ]
