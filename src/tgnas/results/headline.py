"""What the page says first: sentences and claims whose every number is taken from a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tgnas.page.page_tables import MINUS
from tgnas.results.style import dataset_title
from tgnas.results.tables import number_text

MEASURES = {
    "kendall_tau": "Kendall's tau",
    "spearman_rho": "Spearman's rho",
    "accuracy": "test accuracy (%)",
    "seconds": "seconds of a search",
}
# What fills the bar of a difference; seconds have none.
FULL = {"kendall_tau": 0.1, "spearman_rho": 0.1, "accuracy": 5.0}


@dataclass(frozen=True, slots=True)
class Tile:
    """One number that stands large.

    Attributes:
        value: the number.
        spread: its standard deviation over seeds or runs; empty where there is one.
        label: what it is of.
        kind: published, leaked, counted, chosen, search: its colour.
    """

    value: str
    spread: str
    label: str
    kind: str


def headline(
    ranking: pd.DataFrame,
    search: pd.DataFrame,
    names: Mapping[str, str],
    trained: Mapping[str, Any],
    dataset: str,
) -> tuple[list[str], list[Tile]]:
    """Return sentences and tiles; what the tables do not hold is left out.

    Args:
        ranking: the table of that name.
        search: the table of that name.
        names: methods: published, leaked (the same with its epoch chosen on test labels), counted,
            chosen (ours), third and fourth (ensembles of those rounds); and the searcher.
        trained: the published predictor's configuration: cells, epochs.
        dataset: whose accuracies are quoted.
    """
    rows = ranking[
        (ranking.dataset == dataset)
        & (ranking.population == "all")
        & (ranking.subset == "all")
        & (ranking.measure == "kendall_tau")
    ].set_index("method")
    found = {k: rows.loc[names[k]] for k in names if names[k] in rows.index}
    sentences, tiles = [], []
    if "published" in found:
        sentences.append(_published(found, trained, dataset))
    if {"published", "leaked"} <= found.keys():
        adds = found["leaked"]["mean"] - found["published"]["mean"]
        sentences.append(
            "Choosing the training epoch by the very test labels that are then reported on, as "
            f"the authors' script does, shows {_tau(found['leaked'])} instead "
            f"({signed(adds, 3)})."
        )
    sentences += _last(found, search, names, dataset)
    labels = {
        "published": "published predictor, last epoch",
        "leaked": "the same, epoch chosen on test labels",
        "counted": "number of parameters",
        "chosen": "ours, chosen on development tasks",
    }
    for kind, label in labels.items():
        if kind in found:
            tiles.append(Tile(*_parts(found[kind]["mean"], found[kind]["std"], 3), label, kind))
    return sentences, tiles


def _published(found: Mapping[str, pd.Series], trained: Mapping[str, Any], dataset: str) -> str:
    row = found["published"]
    cells = trained["cells"] if trained["cells"] == "all" else f"{trained['cells']:,}"
    sentence = (
        f"Trained on {cells} cells of NAS-Bench-101 for {trained['epochs']} epochs and without a "
        f"label of NAS-Bench-201, the published predictor orders its {int(row.architectures):,} "
        f"architectures with a Kendall tau of {_tau(row)} on {dataset_title(dataset)} (mean ± "
        f"standard deviation over {int(row.seeds)} seeds)"
    )
    if "counted" in found:
        sentence += f"; counting their parameters gives {_tau(found['counted'])}"
    return sentence + "."


def _last(
    found: Mapping[str, pd.Series], search: pd.DataFrame, names: Mapping[str, str], dataset: str
) -> list[str]:
    """Return the sentence on what is ours and on what the search finds."""
    parts = []
    if "chosen" in found:
        part = (
            "our graph network, chosen on development tasks that NAS-Bench-201 takes no part in, "
            "from candidates that a look at it had suggested (docs/deviations.md, 30), "
            f"has {_tau(found['chosen'])}"
        )
        if {"third", "fourth"} <= found.keys():
            part += (
                f" (joined with others, as a third round chose, {_tau(found['third'])}, as a "
                f"fourth did, {_tau(found['fourth'])})"
            )
        parts.append(part)
    made = search[(search.scorer == names["published"]) & (search.searcher == names["searcher"])]
    for _, row in made.iterrows():
        accuracy = number_text(row[f"{dataset} mean"], row[f"{dataset} std"], 2)
        part = (
            f"the architecture that the published search returns has {accuracy} % of test accuracy"
        )
        if np.isfinite(row.reported):
            part += f", where {row.reported:.2f} % are reported"
        parts.append(part)
    text = ", and ".join(parts)
    return [text[0].upper() + text[1:] + "."] if text else []


def _tau(row: pd.Series) -> str:
    return number_text(row["mean"], row["std"], 3)


def _parts(mean: float, std: float, digits: int) -> tuple[str, str]:
    """Return a number and its spread apart."""
    value, _, spread = number_text(mean, std, digits).partition(" ± ")
    return value, spread


def signed(value: float, digits: int) -> str:
    """Return a number with its sign; one that rounds to zero has none."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", MINUS)


@dataclass(frozen=True, slots=True)
class Claim:
    """One reported number beside the reproduced one.

    Attributes:
        what: a method, or a search.
        dataset: empty where it has none.
        measure: of what.
        reported: as text.
        reproduced: as text.
        difference: reproduced - reported, as text.
        share: of the bar, from 0 to 1; None where there is none.
        below: whether less was reproduced than reported.
        count: architectures of a ranking, runs of a search.
        seeds: how many.
        source: where it was reported.
    """

    what: str
    dataset: str
    measure: str
    reported: str
    reproduced: str
    difference: str
    share: float | None
    below: bool
    count: str
    seeds: int
    source: str


def claims(table: pd.DataFrame, titles: Mapping[str, str]) -> list[Claim]:
    """Return the rows of the table of claims, in words.

    Args:
        table: what ``summarise_claims`` returns.
        titles: how tables call a method.
    """
    return [_claim(row, titles) for row in table.itertuples(index=False)]


def _claim(row: Any, titles: Mapping[str, str]) -> Claim:
    base = row.measure.removesuffix("_top")
    scorer, _, searcher = row.method.partition("/")
    title = titles.get(scorer, scorer)
    digits = 3 if base in ("kendall_tau", "spearman_rho") else 2
    full = FULL.get(base)
    inside = " inside the true top" if row.measure.endswith("_top") else ""
    return Claim(
        what=f"{title}: {searcher.replace('_', ' ')} search" if searcher else title,
        dataset="" if pd.isna(row.dataset) or row.dataset == "-" else dataset_title(row.dataset),
        measure=MEASURES.get(base, base.replace("_", " ")) + inside,
        reported=f"{row.reported:.{digits}f}".replace("-", MINUS),
        reproduced=f"{row.reproduced:.{digits}f}".replace("-", MINUS),
        difference=signed(row.difference, digits),
        share=None if full is None else min(1.0, abs(row.difference) / full),
        below=row.difference < 0,
        count=f"{row.n:,}",
        seeds=row.seeds,
        source=row.source,
    )
