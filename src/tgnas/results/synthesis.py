"""Property-guided synthesis: requests and proofs, and the trade-off that a search finds."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64
from matplotlib.figure import Figure

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown, count, facts

TITLE = "Property-guided synthesis (alphaNAS)"
SECTION = "Synthesised networks"
PAGE = "synthesis"
MADE_BY = "others"
CAPTION = """
A reconstruction of alphaNAS. Requests: {requests} random properties at each bound on operators; a
program counts as right where its properties, worked out anew from operators and edges, are exactly
those asked for. Guesses: random sequences, {guesses} for each request that has a program.
Exhaustion: all acyclic graphs of at most {smallest} operators, for every shape that may come in.
Searches: from one residual network of {channels} channels, {queries} trainings each by the recipe
of digits-bench, rewarded by accuracy times (parameters)^-.07; a filter takes one of {proposals}
mutants. Chosen is the smallest network that loses at most {within:g} point of validation accuracy.
It and the first network are then trained anew {trainings:time} for each of {seeds:search};
differences of test accuracy, from the first network and from what the search without a filter
found, are paired by training, with 95% t intervals over all {pairs}. `universal` has learned cells:
of programs it counts FLOPs, channels and depth, so that its filter is a count, too.
"""
FIGURE_TITLE = "Parameters and accuracy of synthesised networks"
FIGURE_CAPTION = """
Every network that a search has trained: validation accuracy on digits and parameters, all seeds
together; in black the network that all searches begin with.
"""
KEYS = ["seed", "query"]  # of a search and of a training of what it found
NO_FILTER = "alphanas"
METHODS = {
    NO_FILTER: "alphaNAS, no filter",
    "alphanas_predictor": "alphaNAS, `universal` as filter",
    "alphanas_parameters": "alphaNAS, #params as filter",
    "neighbours": "regularised evolution of neighbours",
}
COLUMNS = {
    "part": "`requests`, `exhaustion`, `search` or `widths`",
    "name": "bound on operators, search, or channels",
    "measure": "what is measured",
    "value": "mean or number",
    "std": "standard deviation over searches",
    "low": "lower end of the 95% interval of a difference",
    "high": "its upper end",
    "runs": "trainings or searches",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return the study's settings, as the caption quotes them."""
    own = plan.config.study("synthesis")
    return {
        "requests": f"{own.requests:,}",
        "smallest": own.bounds[0],
        "pairs": own.trainings * own.seeds,
        **{
            name: getattr(own, name)
            for name in (
                *("guesses", "channels", "queries", "proposals", "within", "trainings", "seeds"),
            )
        },
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the rows of every part."""
    return {"parts": plan.config.study_files("synthesis")}


figure_inputs = inputs


def table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one row for each fact, and the measures of each search and width."""
    every = pd.concat(parts)
    told = every[every.kind.isin(["requests", "exhaustion"])]
    rows: list[dict[str, Any]] = [
        {"part": row.kind, "name": row.name, "measure": row.measure, "value": row.value}
        for row in told.itertuples()
    ]
    rows += _searches(every)
    for width, group in every[every.kind == "widths"].groupby("name", sort=False):
        for measure, values in group.groupby("measure").value:
            about = {"part": "widths", "name": width, "measure": measure, "runs": len(values)}
            rows.append(about | {"value": values.mean(), "std": values.std(ddof=1)})
        test = group[group.measure == "test"].set_index(KEYS).value
        rows += _less_no_filter({"part": "widths", "name": width}, test, every)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _less_no_filter(
    about: dict[str, Any], test: pd.Series, every: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    """Return how much more accurate networks are than those of the search without a filter."""
    final = every[(every.kind == "final") & (every.measure == "test")]
    reference = final[final.name == f"{NO_FILTER}/{NO_FILTER}"].set_index(KEYS).value
    difference = (test - reference).dropna().to_numpy()
    if len(difference):
        yield about | {"measure": "less no filter"} | _mean_of(difference)


def _mean_of(differences: Float64[np.ndarray, " N"]) -> dict[str, Any]:
    """Return the mean of paired differences, its interval, and how many there are."""
    from tgnas.results.generators import interval

    low, high = interval(differences) if len(differences) > 1 else (np.nan, np.nan)
    return {"value": differences.mean(), "low": low, "high": high, "runs": len(differences)}


def _searches(every: pd.DataFrame) -> Iterator[dict[str, Any]]:
    final = every[every.kind == "final"]
    for method in METHODS:
        own, base = (
            final[final.name == f"{method}/{which}"].set_index([*KEYS, "measure"]).value.unstack()
            for which in (method, "base")
        )
        if not len(own):
            continue
        saved = 100 * (1 - own.parameters / base.parameters).groupby("seed").mean()
        about = {"part": "search", "name": method}
        runs = {"runs": len(own)}
        yield about | {"measure": "test", "value": own.test.mean(), "std": own.test.std()} | runs
        yield about | {"measure": "difference"} | _mean_of((own.test - base.test).to_numpy())
        if method != NO_FILTER:
            yield from _less_no_filter(about, own.test, every)
        yield about | {"measure": "parameters", "value": own.parameters.mean()} | runs
        yield about | {
            "measure": "saved",
            "value": saved.mean(),
            "std": saved.std(),
            "runs": len(saved),
        }
        yield about | {"measure": "least saved", "value": saved.min(), "runs": len(saved)}


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the requests, the exhaustion and the searches."""
    requests: list[dict[str, Entry]] = []
    for name, group in frame[frame.part == "requests"].groupby("name", sort=False):
        of = group.set_index("measure").value
        requests.append(
            {
                "operators, at most": str(name),
                "requests": count(of["requests"]),
                "progressive": count(of["progressive"]),
                "by exhaustion": count(of["exhaustive"]),
                "unsatisfiable": count(of["unsatisfiable"]),
                "right": count(of["right"]),
                "operators beyond the fewest": Number(of["longer"], ".2f"),
                "states of a progressive one": Number(of["states"], ".0f"),
                "found by guesses": Number(100 * of["guessed"], ".1f", unit=" %"),
            }
        )
    of = frame[frame.part == "exhaustion"].set_index("measure").value
    titles = {
        "programs": "programs, whatever comes in",
        "enumerated": "pairs of a shape that comes in and properties that a program has",
        "reached": "such pairs that the abstract search reaches",
        "differ": "pairs in one of the two alone",
    }
    proof = facts({title: f"{of[name]:,.0f}" for name, title in titles.items() if name in of})
    built = frame[(frame.part == "requests") & frame.measure.isin(["built", "built_right"])]
    by = built.set_index("measure").value
    text = (
        f"{by['built_right']:.0f} of {by['built']:.0f} programs that were built as torch modules "
        "and run give the shape asked for."
        if len(by)
        else "No program was built."
    )
    return [
        Shown(requests, "Random requests"),
        text,
        Shown(proof.rows, "Exhaustion"),
        Shown(
            list(_shown_networks(frame)), "Smaller networks of equal accuracy",
            better={"parameters saved": 1},
        ),
    ]  # fmt: skip


def _shown_networks(frame: pd.DataFrame) -> Iterator[dict[str, Entry]]:
    widths = frame[frame.part == "widths"]
    base = widths.name.astype(int).max() if len(widths) else 0
    of_base = widths[widths.name.astype(int) == base].set_index("measure")
    for name in sorted(set(widths.name.astype(int)), reverse=True):
        of = widths[widths.name.astype(int) == name].set_index("measure")
        row: dict[str, Entry] = {
            "network": "the first network" + ("" if name == base else f", {name} channels"),
            "parameters": count(of.value["parameters"]),
            "test accuracy": Number(of.value["test"], ".2f", std=of["std"]["test"]),
        }
        if name != base:
            row["less the first network"] = Number(of.value["test"] - of_base.value["test"], "+.2f")
        row |= _beside_no_filter(of)
        if name != base:
            saved = 100 * (1 - of.value["parameters"] / of_base.value["parameters"])
            row["parameters saved"] = Number(saved, ".1f", unit=" %")
        yield row
    searches = frame[frame.part == "search"]
    for method, title in METHODS.items():
        of = searches[searches.name == method].set_index("measure")
        if len(of):
            ends = of.low["difference"], of.high["difference"]
            least = f"least {of.value['least saved']:.1f}"
            yield {
                "network": title,
                "parameters": count(of.value["parameters"]),
                "test accuracy": Number(of.value["test"], ".2f", std=of["std"]["test"]),
                "less the first network": Number(of.value["difference"], "+.2f", interval=ends),
                **_beside_no_filter(of),
                "parameters saved": Number(of.value["saved"], ".1f", rest=least, unit=" %"),
            }


def _beside_no_filter(of: pd.DataFrame) -> dict[str, Entry]:
    """Return the entry of the difference from the search without a filter, where it is known."""
    if "less no filter" not in of.index:
        return {}
    ends = of.low["less no filter"], of.high["less no filter"]
    return {"less alphaNAS, no filter": Number(of.value["less no filter"], "+.2f", interval=ends)}


def figure(parts: Sequence[pd.DataFrame]) -> Figure:
    """Return parameters and validation accuracy of all networks, a panel for each search."""
    every = pd.concat(parts)
    told = every[every.kind == "search"]
    keys = ["name", "seed", "query"]
    points = told.pivot_table("value", keys, "measure").reset_index()
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 2.3))
        panels = drawn.subplots(1, len(METHODS), sharex=True, sharey=True)
        for panel, (method, title) in zip(panels, METHODS.items(), strict=True):
            part = points[points.name == method]
            panel.plot(
                part.parameters, part.validation, "o", color=style.BLUE, alpha=0.4, markersize=3
            )
            first = part[part["query"] == 0]
            panel.plot(first.parameters, first.validation, "D", color=style.BLACK, markersize=4)
            panel.set_title(title.replace("`", "").replace(", ", "\n").replace(" of n", "\nof n"))
            panel.set_xscale("log")
            panel.set_xlabel("Parameters")
        panels[0].set_ylabel("Validation accuracy (%)")
        panels[0].set_ylim(bottom=40)
        names = ["a network that is trained", "the network that a search begins with"]
        drawn.legend(panels[0].get_lines()[:2], names, ncols=2, **style.BELOW)
    return drawn
