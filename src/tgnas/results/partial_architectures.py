"""Two ways to score a partial architecture in pruning, from the same completions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Number, Shown, mean_of
from tgnas.scoring.tables import read_scores

TITLE = "Pruning with two scores of a partial architecture"
SECTION = "Search"
CAPTION = """
Pruning on NAS-Bench-201 with two scores of a partial architecture, both from the same completions:
their mean and the best of them. Tied: operators of the full one whose removal costs exactly what
another's on that edge does. Test accuracy of the incumbent in percent, mean and standard deviation
over runs.
"""
COLUMNS = {
    "scorer": "who scores",
    "partial": "a partial architecture's score: `mean` of its completions', or their `best`",
    "seeds": "seeds of the scorer",
    "runs": "runs of all seeds together",
    "tied": (
        "mean share of the full one's operators that the score cannot tell from another of their "
        "edge"
    ),
    "DATASET mean": "mean over runs of the incumbent's test accuracy, percent",
    "DATASET std": "its standard deviation over runs",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return the scorers, and the settings of their searches."""
    return {
        "scorers": list(plan.config.search.scorers),
        "pruning": plan.searches.pruning_plan(),
        "labels": plan.labels(),
        "titles": plan.all_titles,
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the scores of every scorer."""
    names = plan.config.search.scorers
    scores = [f"<results>/scores/nasbench201/{name}.parquet" for name in names]
    return {"benchmark": "<benchmark_tables>/nasbench201.arrow", "scores": scores}


def table(
    benchmark: Benchmark,
    scores: Sequence[Path],
    scorers: Sequence[str],
    pruning: dict[str, Any],
    labels: dict[str, Any],
) -> pd.DataFrame:
    """Return one row per scorer and score of a partial architecture."""
    from tgnas.searching import runs as search  # its imports are slow
    from tgnas.searching.oracles import Listing, tabulated

    listing, runs = Listing(benchmark.space, benchmark.architectures), []
    for name, path in zip(scorers, scores, strict=True):
        sources = [tabulated(listing, row) for row in read_scores(path, benchmark)]
        compared = search.compare_partial_scores(benchmark.space, sources, search.Plan(**pruning))
        runs.append(search.look_up(compared, benchmark, labels).assign(scorer=name))
    everything = pd.concat(runs, ignore_index=True)
    return summarise(everything, labels["datasets"])


def summarise(runs: pd.DataFrame, datasets: Sequence[str]) -> pd.DataFrame:
    """Return means and spreads over the runs of each scorer and score."""
    columns = {"seeds": ("seed", "nunique"), "runs": ("run", "size"), "tied": ("tied", "mean")}
    for dataset in datasets:
        columns |= {f"{dataset} {name}": (dataset, name) for name in ("mean", "std")}
    return runs.groupby(["scorer", "partial"], sort=False).agg(**columns).reset_index()


def show(frame: pd.DataFrame, labels: dict[str, Any], titles: Mapping[str, str]) -> list[Block]:
    """Return the comparison."""
    rows = [
        {
            "scored by": titles.get(row.scorer, row.scorer),
            "completions by": row.partial,
            "seeds": str(row.seeds),
            "runs": str(row.runs),
            "operators tied": Number(row.tied, ".1%"),
            **{name: mean_of(row, name, 2) for name in labels["datasets"]},
        }
        for _, row in frame.iterrows()
    ]
    marks = ["oracle" if name.startswith("oracle_") else "" for name in frame.scorer]
    return [
        Shown(rows, marks=marks),
    ]
