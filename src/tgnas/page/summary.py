"""What the page says first: sentences and large numbers, each taken from a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tgnas.errors import number_of
from tgnas.page.html import MINUS
from tgnas.results._style import dataset_title
from tgnas.results._tables import Number, mean_of


@dataclass(frozen=True, slots=True)
class Tile:
    """One number that stands large.

    Attributes:
        number: the number with its standard deviation over seeds or runs.
        label: what it is of.
        kind: published, leaked, baseline or ours: its colour.
    """

    number: Number
    label: str
    kind: str


def summary(
    ranking: pd.DataFrame,
    search: pd.DataFrame,
    names: Mapping[str, Any],
    trained: Mapping[str, Any],
    dataset: str,
) -> tuple[list[str], list[Tile]]:
    """Return sentences and tiles; what the tables do not hold is left out.

    Args:
        ranking: the table of NAS-Bench-201's ranking.
        search: the table of searches.
        names: the config's headline: published, baseline, ours, joined (an ensemble), searcher.
        trained: the published predictor's configuration: cells, epochs.
        dataset: whose accuracies are quoted.
    """
    rows = ranking[
        (ranking.dataset == dataset)
        & (ranking.population == "all")
        & (ranking.subset == "all")
        & (ranking.measure == "kendall_tau")
    ].set_index("method")
    chosen = {key: names[key] for key in ("published", "baseline", "ours", "joined")}
    chosen["leaked"] = f"{names['published']}_leaked"
    taus = {key: mean_of(rows.loc[name]) for key, name in chosen.items() if name in rows.index}
    titles = {key: rows.title[chosen[key]] for key in taus}
    sentences = []
    if "published" in taus:
        about = rows.loc[chosen["published"]]
        sentences.append(_published(taus, titles, about, trained, dataset))
    if {"published", "leaked"} <= taus.keys():
        adds = Number(taus["leaked"].value - taus["published"].value, "+.3f")
        sentences.append(
            "Choosing the training epoch by the very test labels that are then reported on, as "
            f"the authors' script does, shows {taus['leaked']} instead ({minus(adds.text)})."
        )
    sentences += _last(taus, titles, search, names, dataset)
    labels = {
        "published": "published predictor, last epoch",
        "leaked": "the same, epoch chosen on test labels",
        "baseline": titles.get("baseline", ""),
        "ours": "ours, chosen on development tasks",
    }
    return sentences, [
        Tile(taus[kind], label, kind) for kind, label in labels.items() if kind in taus
    ]


def _published(
    taus: Mapping[str, Number],
    titles: Mapping[str, str],
    row: pd.Series,
    trained: Mapping[str, Any],
    dataset: str,
) -> str:
    cells = trained["cells"] if trained["cells"] == "all" else f"{trained['cells']:,}"
    epochs = number_of(trained["epochs"], "epoch")
    sentence = (
        f"Trained on {cells} cells of NAS-Bench-101 for {epochs} and without a label of "
        f"NAS-Bench-201, the published predictor orders its {int(row.architectures):,} "
        f"architectures with a Kendall tau of {taus['published']} on {dataset_title(dataset)} "
        f"(mean ± standard deviation over {number_of(row.seeds, 'seed')})"
    )
    if "baseline" in taus:
        sentence += f"; {titles['baseline']} alone has {taus['baseline']}"
    return sentence + "."


def _last(
    taus: Mapping[str, Number],
    titles: Mapping[str, str],
    search: pd.DataFrame,
    names: Mapping[str, Any],
    dataset: str,
) -> list[str]:
    """Return the sentence on what is ours and on what the search finds."""
    parts = []
    if "ours" in taus:
        part = (
            "our graph network, chosen on development tasks that NAS-Bench-201 takes no part in, "
            "from candidates that a look at it had suggested (docs/deviations.md, 30), "
            f"has {taus['ours']}"
        )
        if "joined" in taus:
            part += f" ({titles['joined']}: {taus['joined']})"
        parts.append(part)
    runs = search[(search.scorer == names["published"]) & (search.searcher == names["searcher"])]
    for _, row in runs.iterrows():
        part = (
            "the architecture that the published search returns has "
            f"{mean_of(row, dataset, 2)} % of test accuracy"
        )
        if np.isfinite(row.reported):
            part += f", where {row.reported:.2f} % are reported"
        parts.append(part)
    text = ", and ".join(parts)
    return [text[0].upper() + text[1:] + "."] if text else []


def of_any_run(
    rankings: Mapping[str, pd.DataFrame], trained: pd.DataFrame | None, tables: int, figures: int
) -> list[str]:
    """Return what came out of a run without NAS-Bench-201's ranking, from its own tables.

    Args:
        rankings: benchmark, as tables call it -> the table of its ranking.
        trained: the table of the architecture that was searched and trained; None where none was.
        tables: how many the run has made.
        figures: how many.
    """
    sentences = [
        sentence for target, table in rankings.items() for sentence in _leading(target, table)
    ]
    if trained is not None:
        row = trained.iloc[0]
        sentences.append(
            f"The architecture that the search chose out of {int(row.queries):,} by its score, "
            f"trained for {number_of(row.epochs, 'epoch')}, has {row.test_accuracy:.2f} % of test "
            f"accuracy on digits (mean over {number_of(row.seeds, 'seed')}): place "
            f"{int(row.place):,} among {int(row.among):,}, whose median is "
            f"{row.median_accuracy:.2f} %."
        )
    if not sentences:
        sentences.append(
            f"{number_of(tables, 'table')} and {number_of(figures, 'figure')}, none of which ranks "
            "a benchmark."
        )
    return sentences


def _leading(target: str, ranking: pd.DataFrame) -> list[str]:
    """Return the sentence on who ranks a benchmark best, on the first of its data sets."""
    rows = ranking[
        (ranking.population == "all")
        & (ranking.subset == "all")
        & (ranking.measure == "kendall_tau")
        & ranking["mean"].notna()
    ]
    rows = rows[rows.dataset == rows.dataset.iloc[0]] if len(rows) else rows
    if rows.empty:
        return []
    best = rows.loc[rows["mean"].idxmax()]
    sentence = (
        f"On {target}, {best.title} orders the {number_of(best.architectures, 'architecture')} "
        f"best of {number_of(len(rows), 'method')}, with a Kendall tau of {mean_of(best)} on "
        f"{dataset_title(best.dataset)}"
    )
    baseline = rows[(rows.method == "params") & (rows.method != best.method)]
    if len(baseline):
        sentence += f"; {baseline.title.iloc[0]} alone has {mean_of(baseline.iloc[0])}"
    return [f"{sentence}."]


def minus(text: str) -> str:
    """Return a number with a typographer's minus."""
    return text.replace("-", MINUS)
