"""What mixtures of operators find in the DARTS space, at a reduced size."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tgnas.registry import SUPERNETS
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Code, Entry, Number, Shown
from tgnas.results.genotype import draw_cells
from tgnas.spaces.darts import pairs_of

STUDY = "darts_supernets"
TITLE = "Searches in the DARTS space by weight sharing"
SECTION = "Weight sharing"
PAGE = "supernets"
MADE_BY = "others"
PLACE = 2
CAPTION = """
What mixtures of operators derive in the DARTS space, at a reduced size: {channels} channels,
{layers} cells, {epochs:epoch} of batches of {batch}, on images of {images}; the papers' searches
have 16 channels, 8 cells and 50 epochs on CIFAR-10. Searches of each method: {seeds}. "in the
list": whether NAS-Bench-301's {architectures} genotypes have it, and the rank of its surrogate
accuracy there. "placed": the share of them that TG-NAS ({prior}) scores below it, which is a score
and no accuracy. "KT": Kendall's tau of the mixture's log probabilities of the list's genotypes with
their surrogate accuracies, which no method has seen. "skips": their share among the operators of
what is derived.
"""
FIGURE_TITLE = "What weight sharing derives in the DARTS space"
FIGURE_CAPTION = """
The genotypes of seed 0, drawn as in the figure of the chosen genotype: a line is a node, a box
takes from the line that it has a dot on and ends in its own node.
"""
COLUMNS = {
    "method": "a mixture of the study's settings",
    "title": "how tables call it",
    "seed": "of the search",
    "genotype": "what was derived",
    "listed": "whether NAS-Bench-301 has it",
    "accuracy": "the surrogate's accuracy in percent, where it is listed",
    "rank": "of that accuracy among the listed, 1 is best",
    "placed": "share of the listed that the shipped predictor scores below it",
    "kendall_tau": "of the mixture's scores of the listed with their surrogate accuracies",
    "skips": "share of skip connections in what was derived",
    "epochs": "of the search",
    "seconds": "of the search, wall time on one core",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return what was searched, and how."""
    study = plan.config.study(STUDY)
    shared = study.shared
    return {
        "titles": {name: _title(name, own) for name, own in study.methods.items()},
        "prior": plan.config.shipped[study.prior].title,
        "images": study.recipe.rpartition("/")[2].partition(".")[0],
        "seeds": study.seeds,
        "architectures": "1,218",
        **{key: shared[key] for key in ("channels", "layers", "epochs", "batch")},
    }


def _title(name: str, own: Mapping[str, Any]) -> str:
    title = str(SUPERNETS.module(own.get("method", name)).CARD.title)
    return f"{title}, {own['order']} order" if "order" in own else title


def loaded(plan: Plan) -> list[str]:
    """Return the modules of the cards, which give the titles."""
    methods = plan.config.study(STUDY).methods
    return [SUPERNETS.module_name(own.get("method", name)) for name, own in methods.items()]


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the rows of every search."""
    return {"searches": plan.config.study_files(STUDY)}


def table(searches: Sequence[pd.DataFrame], titles: Mapping[str, str]) -> pd.DataFrame:
    """Return one row for each search."""
    rows = [
        search.iloc[-1].to_dict()
        | {"epochs": len(search), "seconds": search.seconds.sum()}
        | {"title": titles[search.method.iloc[0]]}
        for search in searches
    ]
    return pd.DataFrame(rows)[list(COLUMNS)]


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the searches, then their genotypes."""
    rows: list[dict[str, Entry]] = [
        {
            "method": row.title,
            "seed": str(row.seed),
            "in the list": f"{row.accuracy:.2f} %, rank {row.rank:.0f}" if row.listed else "no",
            "placed": Number(row.placed, ".3f"),
            "KT": Number(row.kendall_tau),
            "skips": Number(row.skips, ".2f"),
            "seconds": Number(row.seconds, ".0f"),
        }
        for row in frame.itertuples()
    ]
    genotypes: list[dict[str, Entry]] = [
        {"method": row.title, "seed": str(row.seed), "genotype": Code(row.genotype)}
        for row in frame.itertuples()
    ]
    return [Shown(rows), Shown(genotypes)]


def figure(frame: pd.DataFrame) -> Figure:
    """Return the cells of seed 0, a row for each method."""
    first = frame[frame.seed == 0]
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 2.3 * 2 * len(first)))
        panels = drawn.subplots(2 * len(first), 1, squeeze=False)[:, 0]
        for place, row in enumerate(first.itertuples()):
            draw_cells(
                list(panels[2 * place : 2 * place + 2]), pairs_of(row.genotype), f"{row.title}: "
            )
        drawn.tight_layout()
    return drawn
