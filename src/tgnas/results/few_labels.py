"""How predictors rank a benchmark of which they have learned a few labels: a table and a figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import stdtrit

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown, significant

TITLE = "Predictors that learn a few labels of the target"
SECTION = "A few labels of the target"
PAGE = "few_labels"
CAPTION = """
Kendall's tau with the reported accuracy on {tested} architectures of each benchmark, those that a
seed has learned left out; in brackets inside their truly best tenth. Mean ± standard deviation over
seeds, each of which draws other labels, the same for all methods. Labels are validation accuracies,
what is reported is the test accuracy; on NB301 both are the surrogate's. Zero-shot is the predictor
that others start from: it has seen no label of the benchmark. Below, differences of Kendall's tau
between methods that learned the same labels, with the 95% interval of their mean over seeds (t
distribution): what the zero-shot start, pre-training or a loss adds, and what a method has more
than the first one.
"""
FIGURE_TITLE = "Kendall's tau against the number of labels"
FIGURE_CAPTION = """
Kendall's tau on {tested} architectures against the number of labels that were learned; mean over
seeds, whose spread the table has. Dashed: the method starts from the zero-shot predictor, whose own
tau is the dotted line.
"""
COLUMNS = {
    "target": "the benchmark and its accuracy",
    "method": "id of the method, as in the config",
    "title": "how rendered tables call it",
    "starts": "whether it starts from the zero-shot predictor",
    "labels": "how many labels are learned",
    "seeds": "draws of labels",
    "mean": "Kendall's tau, mean over seeds",
    "std": "its standard deviation",
    "top mean": "inside the truly best tenth",
    "top std": "its standard deviation",
    "beside": "the method that it is compared with",
    "difference": "mean over shared seeds of tau less that of this method",
    "low": "lower end of its 95% interval",
    "high": "upper end",
    "top difference": "the same inside the truly best tenth",
    "top low": "lower end of its 95% interval",
    "top high": "upper end",
    "seconds": "processor seconds of one fit",
}
COLOURS = (
    *(style.BLUE, style.VERMILLION, style.GREEN, style.ORANGE),
    *(style.PURPLE, style.SKY, style.BLACK),
    *("#882255", "#999933", "#332288"),  # three of Tol's, for those that come after
)
STROKES = ("-", "--", ":")


def params(plan: Plan) -> dict[str, Any]:
    """Return what targets and methods are called."""
    section = plan.config.few_labels
    return {
        "tested": section.tested,
        "targets": {name: target.title for name, target in section.targets.items()},
        "titles": {name: one.title or name for name, one in section.predictors.items()},
        "starting": [name for name, one in section.predictors.items() if one.needs_start],
        "beside": {name: one.beside for name, one in section.predictors.items() if one.beside},
        "order": plan.few_labels.learned(),
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the measures of all methods."""
    return {"measured": plan.few_labels.files(plan.few_labels.learned())}


def table(
    measured: Sequence[pd.DataFrame],
    order: Mapping[str, Sequence[str]],
    titles: Mapping[str, str],
    starting: Sequence[str],
    beside: Mapping[str, str],
) -> pd.DataFrame:
    """Return a row for each target, method and number of labels."""
    rows, tables = [], iter(measured)
    for target, methods in order.items():
        known = {method: next(tables).set_index(["labels", "seed"]) for method in methods}
        first = next((method for method in methods if method != "zero_shot"), "zero_shot")
        for method, frame in known.items():
            other = beside.get(method, first)
            differences = frame - known[other] if other in known else frame * float("nan")
            for labels, part in frame.groupby(level="labels"):
                tau, top = (
                    mean_and_interval(differences.loc[labels, name].dropna())
                    if labels in differences.index.get_level_values("labels")
                    else mean_and_interval(pd.Series(dtype=float))
                    for name in ("kendall_tau", "top_tau")
                )
                rows.append(
                    {
                        "target": target,
                        "method": method,
                        "title": titles.get(method, "zero-shot"),
                        "starts": method in starting or method == "zero_shot",
                        "labels": labels,
                        "seeds": len(part),
                        "mean": part.kendall_tau.mean(),
                        "std": part.kendall_tau.std(),
                        "top mean": part.top_tau.mean(),
                        "top std": part.top_tau.std(),
                        "beside": other if other != method else "",
                        **dict(zip(("difference", "low", "high"), tau, strict=True)),
                        **dict(zip(("top difference", "top low", "top high"), top, strict=True)),
                        "seconds": part.seconds.mean(),
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def mean_and_interval(differences: pd.Series) -> tuple[float, float, float]:
    """Return the mean of paired differences, and the ends of its 95% interval (Student's t)."""
    count = len(differences)
    if not count:
        return (float("nan"),) * 3
    mean = float(differences.mean())
    half = stdtrit(count - 1, 0.975) * differences.sem() if count > 1 else float("nan")
    return mean, mean - half, mean + half


def show(frame: pd.DataFrame, targets: Mapping[str, str]) -> list[Block]:
    """Return two tables for each target: taus and differences; numbers of labels across."""
    blocks: list[Block] = []
    sizes = sorted(size for size in frame.labels.unique() if size)
    full = _full_titles(frame)
    for target, part in frame.groupby("target", sort=False):
        rows: list[dict[str, Entry]] = []
        pairs: list[dict[str, Entry]] = []
        for method, lines in part.groupby("method", sort=False):
            at = lines.set_index("labels")
            row: dict[str, Entry] = {"method": str(lines.title.iloc[0])}
            row["seeds"] = str(int(lines.seeds.iloc[0]))
            other = full.get(str(lines.beside.iloc[0]), "")
            pair: dict[str, Entry] = {"method": full[str(method)], "less": other}
            for size in sizes:
                line = at.loc[size] if size in at.index else at.iloc[0]
                if size in at.index or 0 in at.index:
                    rest = format(line["top mean"], ".2f")
                    row[f"{size} labels"] = Number(line["mean"], ".3f", line["std"], rest=rest)
                if size in at.index and np.isfinite(line.difference):
                    ends = (line.low, line.high)
                    pair[f"{size} labels"] = Number(line.difference, "+.3f", interval=ends)
            row["seconds of a fit"] = significant(lines.seconds.iloc[-1])
            rows.append(row)
            pairs += [pair] if other and len(pair) > 2 else []
        name = targets.get(str(target), str(target))
        better = {f"{size} labels": 1 for size in sizes}
        blocks.append(Shown(rows, title=name, better=better))
        if pairs:
            blocks.append(Shown(pairs, title=f"{name}, paired differences"))
    return blocks


def _full_titles(frame: pd.DataFrame) -> dict[str, str]:
    """Return what each method is called by itself, where `the same` stands for the one before."""
    return {method: title for method, (title, _) in looks_of(frame).items()}


def figure(frame: pd.DataFrame, targets: Mapping[str, str]) -> Figure:
    """Return a panel for each target: tau against the number of labels."""
    known = list(frame.target.unique())
    looks = looks_of(frame[frame.method != "zero_shot"])
    with style.styled():
        columns = min(3, max(1, len(known)))
        rows = -(-len(known) // columns)
        drawn = Figure(figsize=(style.WIDE, 1.2 + 2.0 * rows))
        panels = drawn.subplots(rows, columns, squeeze=False)
        for panel, target in zip(panels.ravel(), known, strict=False):
            part = frame[frame.target == target]
            panel.set_title(targets.get(target, target))
            for method, lines in part.groupby("method", sort=False):
                if method == "zero_shot":
                    panel.axhline(lines["mean"].iloc[0], color=style.GREY, linestyle=":")
                    continue
                panel.plot(lines.labels, lines["mean"], **looks[str(method)][1])
            panel.set_xscale("log")
            panel.set_xticks(sorted(part.labels[part.labels > 0].unique()))
            panel.set_xticklabels([str(size) for size in panel.get_xticks().astype(int)])
            panel.minorticks_off()
            panel.set_xlabel("Labels of the target")
        for panel in panels.ravel()[len(known) :]:
            panel.set_axis_off()
        drawn.supylabel(style.TAU)
        handles = [Line2D([], [], **look, label=title) for title, look in looks.values()]
        handles.append(Line2D([], [], color=style.GREY, linestyle=":", label="zero-shot"))
        drawn.legend(handles=handles, ncols=2, **style.BELOW)
    return drawn


def looks_of(frame: pd.DataFrame) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the title and the look of every method.

    A method whose title is "the same, ..." is a variant of the one before it, in its colour:
    dashed, a second one dotted.
    """
    looks: dict[str, tuple[str, dict[str, Any]]] = {}
    colour, variant, title = -1, 0, ""
    methods = frame.drop_duplicates("method")
    for method, own in zip(methods.method, methods.title, strict=True):
        if str(own).startswith("the same"):
            variant, full = variant + 1, f"{title}{str(own).removeprefix('the same')}"
        else:
            colour, variant, title, full = colour + 1, 0, str(own), str(own)
        look = {
            "color": COLOURS[colour % len(COLOURS)],
            "linestyle": STROKES[variant % len(STROKES)],
            "marker": style.method_marker(str(method)),
            "markersize": 3,
            "linewidth": 0.9,
        }
        looks[str(method)] = (full, look)
    return looks
