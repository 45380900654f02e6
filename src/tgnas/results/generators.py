"""Generators of networks: what they draw, how their networks spread, which searches find theta."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64
from matplotlib.figure import Figure

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown, count

TITLE = "Generators of networks (NAGO)"
SECTION = "Generated networks"
PAGE = "generators"
MADE_BY = "others"
CAPTION = """
Networks that NAGO's generators draw: three nested random graphs of {nodes} nodes each, all nodes
3x3 convolutions, at most {parameters} parameters, trained on the 300 training images of
digits-bench for {epochs:epoch} with batches of {batch}. Graphs: mean over {graphs:draw} of
networkx. Spread: {networks} networks of each of {thetas} random thetas, each trained with
{seeds:seed}, for {lengths:epoch}. Of the variance that is seen, the components of a nested design:
seeds, networks of one theta less what seeds add to their means, thetas less what networks add to
theirs; a negative one is 0. Shown are their roots with 95% bootstrap intervals over thetas, and the
F test of equal means of thetas. Searches: {repeats:repeat}, each with {budget:epoch} for all its
trainings; the theta of the most accurate network by validation is then drawn and trained anew,
{fresh:time}, and tested. Differences are paired by repeat, with 95% t intervals. Hypervolume of
validation accuracy and memory of all that was trained to the end; the reference is 0 % and the most
memory of any. This is a small setting of ours: the authors' networks have up to 4 million
parameters and train for 30 to 120 epochs.
"""
FIGURE_TITLE = "Generators: spread and trade-off"
FIGURE_CAPTION = """
Left: test accuracy of every network of every random theta, mean over seeds, after the longest
trainings; thetas in the order of their means, which are the bars.
Right: validation accuracy and memory of the maps of all networks that the searches have trained to
the end, {repeats:repeat} together.
"""
SEARCHES = {
    "no search": "one random theta",
    "random": "random thetas",
    "hyperband": "Hyperband with the Parzen estimator",
    "two_objectives": "Parzen estimator, accuracy and memory",
}
COLUMNS = {
    "part": "`graphs`, `spread`, `search` or `front`",
    "name": "random graph, quantity, or search",
    "measure": "what is measured",
    "value": "mean",
    "std": "standard deviation over repeats",
    "theory": "what theory says of a random graph",
    "difference": "from searching at random, paired by repeat",
    "low": "lower end of the 95% interval of the difference, of the value of a spread",
    "high": "its upper end",
    "runs": "graphs, networks or repeats",
}

RESAMPLES = 2000


def params(plan: Plan) -> dict[str, Any]:
    """Return the study's settings, as the caption quotes them."""
    own = plan.config.study("generators")
    return {
        "nodes": f"3 to {own.most_nodes}",
        "parameters": f"{own.parameters:,}",
        "graphs": f"{own.graphs:,}",
        **{
            name: getattr(own, name)
            for name in (
                *("epochs", "batch", "networks", "seeds", "thetas", "repeats", "budget", "fresh"),
            )
        },
        "lengths": " and ".join(map(str, own.lengths)),
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the rows of every part."""
    return {"parts": plan.config.study_files("generators")}


figure_inputs = inputs


def table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one row for each measure of a random graph, a quantity or a search."""
    every = pd.concat(parts)
    rows = [*_graphs(every), *_spreads(every), *_searches(every), *_fronts(every)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _graphs(every: pd.DataFrame) -> Iterator[dict[str, Any]]:
    drawn = every[every.kind == "statistics"]
    for (name, theta), group in drawn.groupby(["name", "theta"], sort=False):
        of = group.set_index("measure").value
        for measure in ("edges", "edges_std", "degree", "degree_std"):
            if measure in of:
                about = {"part": "graphs", "name": f"{name} {theta}", "measure": measure}
                theory = of[f"{measure}_theory"]
                yield about | {"value": of[measure], "theory": theory, "runs": of["graphs"]}


def _spreads(every: pd.DataFrame) -> Iterator[dict[str, Any]]:
    from scipy.stats import f_oneway

    for measure, group in every[every.kind == "spread"].groupby("measure", sort=False):
        values = by_theta(group)
        draws = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
        whole = components(values)
        # A theta that is drawn twice differs from itself by nothing: the variance of means shrinks.
        larger = len(values) / (len(values) - 1)
        resampled = [components(values[rows], larger) for rows in draws]
        facts = {name: (whole[name], [one[name] for one in resampled]) for name in whole}
        for name, (value, others) in facts.items():
            low, high = np.quantile(others, [0.025, 0.975])
            about = {"part": "spread", "name": measure, "measure": name, "runs": values.size}
            yield about | {"value": value, "low": low, "high": high}
        about = {"part": "spread", "name": measure, "runs": values.size}
        yield about | {"measure": "mean", "value": values.mean()}
        yield about | {"measure": "p", "value": f_oneway(*values.mean(axis=2)).pvalue}


def by_theta(rows: pd.DataFrame) -> Float64[np.ndarray, "T N S"]:
    """Return the values of each theta's networks and their seeds."""
    return np.array(
        [
            [of.value.to_numpy() for _, of in theta.groupby("repeat")]
            for _, theta in rows.groupby("name", sort=False)
        ]
    )


def components(values: Float64[np.ndarray, "T N S"], larger: float = 1.0) -> dict[str, float]:
    """Return the deviations of seeds, of networks of one theta, and of thetas.

    The components of variance of a balanced nested design: the variance of networks' means holds
    that of seeds / S, the variance of thetas' means that of networks' means / N. The difference is
    that of networks less that of thetas.

    Args:
        values: of thetas, networks, seeds.
        larger: what the variance of thetas' means is multiplied with.
    """
    of_networks = values.mean(axis=2)
    seeds = values.var(axis=2, ddof=1).mean()
    networks = of_networks.var(axis=1, ddof=1).mean()
    thetas = larger * of_networks.mean(axis=1).var(ddof=1)
    within = max(networks - seeds / values.shape[2], 0.0) ** 0.5
    between = max(thetas - networks / values.shape[1], 0.0) ** 0.5
    return {
        "seeds": float(seeds**0.5),
        "within": float(within),
        "between": float(between),
        "difference": float(within - between),
    }


def _searches(every: pd.DataFrame) -> Iterator[dict[str, Any]]:
    repeats = every[every.kind == "repeat"]
    by = repeats.groupby(["measure", "name", "repeat"]).value
    means = by.mean()
    for measure in ("test", "test_memory", "thetas", "epochs"):
        for name in SEARCHES:
            if (measure, name) in means.index.droplevel("repeat"):
                reference = means[measure].get("random")
                yield _paired("search", name, measure, means[measure, name], reference)


def _paired(
    part: str, name: str, measure: str, values: pd.Series, reference: pd.Series
) -> dict[str, Any]:
    row = {"part": part, "name": name, "measure": measure, "value": values.mean()}
    row |= {"std": values.std(ddof=1), "runs": len(values)}
    if name == "random" or len(values) < 2:
        return row
    difference = (values - reference).to_numpy()
    low, high = interval(difference)
    return row | {"difference": difference.mean(), "low": low, "high": high}


def interval(values: Float64[np.ndarray, " N"]) -> tuple[float, float]:
    """Return the ends of the 95% t interval of a mean."""
    from scipy.stats import t

    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def tried(every: pd.DataFrame) -> pd.DataFrame:
    """Return validation accuracy and memory of all networks that searches trained to the end."""
    rows = every[(every.kind == "repeat") & every.measure.isin(["validation", "memory"])]
    number = rows.groupby(["name", "repeat", "measure"]).cumcount()
    index = [rows.name, rows["repeat"], number.rename("number")]
    return rows.pivot_table("value", index, "measure").reset_index()


def hypervolume(
    accuracies: Float64[np.ndarray, " N"], memory: Float64[np.ndarray, " N"], most: float
) -> float:
    """Return the area that points dominate: accuracies above 0, memory below `most`."""
    order = np.argsort(memory, kind="stable")
    heights = np.maximum.accumulate(accuracies[order])
    widths = np.diff(np.append(memory[order], most))
    return float((heights * widths).sum())


def _fronts(every: pd.DataFrame) -> Iterator[dict[str, Any]]:
    points = tried(every)
    most = points.memory.max()
    areas = {
        name: pd.Series(
            {
                repeat: hypervolume(part.validation.to_numpy(), part.memory.to_numpy(), most)
                / (100 * most)
                for repeat, part in group.groupby("repeat")
            }
        )
        for name, group in points.groupby("name")
    }
    for name in SEARCHES:
        if name in areas:
            yield _paired("front", name, "hypervolume", areas[name], areas["random"])


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the graphs beside theory, the spread, the searches."""
    graphs: list[dict[str, Entry]] = []
    for name, group in frame[frame.part == "graphs"].groupby("name", sort=False):
        of = group.set_index("measure")
        row: dict[str, Entry] = {
            "graph": str(name).replace("_", "-"),
            "draws": count(of.runs.iloc[0]),
        }
        for measure, title in (
            ("edges", "edges"),
            ("edges_std", "their deviation"),
            ("degree", "degree"),
            ("degree_std", "its deviation"),
        ):
            if measure in of.index:
                theory = f"theory {of.theory[measure]:.3f}"
                row[title] = Number(of.value[measure], rest=theory)
        graphs.append(row)
    return [
        Shown(graphs, "Random graphs beside theory"),
        Shown(list(_shown_spreads(frame)), "Networks of random thetas"),
        Shown(
            list(_shown_searches(frame)),
            "What searches for theta find",
            better={"test accuracy": 1, "hypervolume": 1},
        ),
    ]


def _shown_spreads(frame: pd.DataFrame) -> Iterator[dict[str, Entry]]:
    titles = {
        "seeds": "deviation of seeds",
        "within": "of networks of a theta",
        "between": "of thetas",
        "difference": "networks less thetas",
    }
    for name, group in frame[frame.part == "spread"].groupby("name", sort=False):
        of = group.set_index("measure")
        memory = name == "memory"
        form = ".4f" if memory else ".1f"
        row: dict[str, Entry] = {
            "quantity": "memory of maps, MiB" if memory else f"test {name}, points",
            "mean": Number(of.value["mean"], form),
        }
        for measure, title in titles.items():
            one = of.loc[measure]
            signed = "+" if measure == "difference" else ""
            row[title] = Number(one.value, signed + form, interval=(one.low, one.high))
        yield row | {"p of equal thetas": Number(of.value["p"], ".2g")}


def _shown_searches(frame: pd.DataFrame) -> Iterator[dict[str, Entry]]:
    part = frame[frame.part.isin(["search", "front"])]
    for name, title in SEARCHES.items():
        of = part[part.name == name].set_index("measure")
        row: dict[str, Entry] = {"search": title}
        for measure, shown, form in (
            ("thetas", "thetas", ".1f"),
            ("epochs", "epochs", ".0f"),
            ("test", "test accuracy", ".2f"),
            ("test_memory", "memory, MiB", ".4f"),
            ("hypervolume", "hypervolume", ".3f"),
        ):
            if measure in of.index:
                row[shown] = Number(of.value[measure], form, std=of["std"][measure])
                if measure in ("test", "hypervolume") and np.isfinite(of.difference[measure]):
                    ends = of.low[measure], of.high[measure]
                    row[f"{shown}, difference"] = Number(
                        of.difference[measure], f"+{form}", interval=ends
                    )
        yield row


def figure(parts: Sequence[pd.DataFrame]) -> Figure:
    """Return accuracies by theta, and what the searches have trained."""
    every = pd.concat(parts)
    spread = every[(every.kind == "spread") & every.measure.str.startswith("accuracy")]
    longest = spread[spread.measure == spread.measure.iloc[-1]]
    spread = longest.groupby(["name", "repeat"]).value.mean().reset_index()
    means = spread.groupby("name").value.mean().sort_values()
    points = tried(every)
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 2.6))
        left, right = drawn.subplots(1, 2)
        for place, name in enumerate(means.index):
            values = spread[spread.name == name].value
            left.plot([place] * len(values), values, "o", color=style.BLUE, alpha=0.5)
            left.plot([place - 0.3, place + 0.3], [means[name]] * 2, color=style.BLACK)
        left.set_xticks(range(len(means)))
        left.set_xlabel("Theta, by its mean")
        left.set_ylabel("Test accuracy (%)")
        colours = (style.GREY, style.ORANGE, style.GREEN)
        markers = "os^"
        for (name, colour), marker in zip(
            zip(list(SEARCHES)[1:], colours, strict=True), markers, strict=True
        ):
            part = points[points.name == name]
            right.plot(
                1024 * part.memory, part.validation, marker, color=colour, alpha=0.7,
                label=SEARCHES[name],
            )  # fmt: skip
        right.set_xlabel("Memory of one image's maps (KiB, less is better)")
        right.set_ylabel("Validation accuracy (%)")
        drawn.legend(**style.BELOW, ncols=3)
    return drawn
