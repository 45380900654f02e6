"""What sentences are worth where operators are unseen: beside one-hot vectors and attributes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Shown
from tgnas.results.isolation import with_difference

TITLE = "What the language model is worth"
SECTION = "Ablations"
PLACE = 2
CAPTION = """
Kendall's tau of our network, trained on NAS-Bench-101 with its full settings, when operators are
told by sentences, by one-hot vectors (an operator that training lacked says nothing), by one-hot
vectors beside weights and reach of the operator, and by these two numbers alone, one vector for all
operators: mean ± standard deviation over {seeds:seed} (difference to sentences, with the
{level:.0%} interval of {resamples} paired resamples). Training lacked NAS-Bench-201's average
pooling; NAS-Bench-301's average pooling, separable and dilated convolutions; both blocks of
NAS-Bench-Macro. Distinct architectures; dead cells last in all rows.
"""
COLUMNS = {
    "method": "id of the predictor",
    "title": "how operators are told",
    "benchmark": "whose architectures are ranked",
    "dataset": "data set of the accuracies",
    "mean": "mean over seeds of Kendall's tau",
    "std": "its standard deviation over seeds",
    "low": "lower end of the bootstrap interval",
    "high": "its upper end",
    "difference": "to the first row",
    "difference_low": "lower end of its interval",
    "difference_high": "its upper end",
    "architectures": "how many are ranked",
}
MACRO = {"datasets": ["cifar10"], "split": "test", "epochs": 50}


def params(plan: Plan) -> dict[str, Any]:
    """Return the predictors with their titles, and how each benchmark is measured."""
    section = plan.config.isolation
    rankings = {
        name: plan.config.ranking.of(MACRO if name == "nasbench_macro" else plan.labels(name))
        for name in section.benchmarks
    }
    return {
        "embedders": dict(section.embedders),
        "rankings": rankings,
        "seeds": plan.config.seeds,
        "level": plan.config.ranking.level,
        "resamples": plan.config.ranking.resamples,
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the benchmarks, and every predictor's scores of each."""
    about = params(plan)
    return {
        "benchmarks": [f"<benchmark_tables>/{name}.arrow" for name in about["rankings"]],
        "scores": [
            f"<results>/scores/{benchmark}/{name}.parquet"
            for benchmark in about["rankings"]
            for name in about["embedders"]
        ],
    }


def table(
    benchmarks: Sequence[Any],
    scores: Sequence[Path],
    embedders: Mapping[str, str],
    rankings: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Return one row for each predictor, benchmark and data set."""
    from tgnas.evaluation.comparison import subsets_of
    from tgnas.evaluation.differences import connects_nothing, dead_last, taus_of
    from tgnas.scoring.tables import read_scores

    files, rows = iter(scores), []
    for benchmark, (name, ranking) in zip(benchmarks, rankings.items(), strict=True):
        subsets = {"unique": subsets_of(benchmark, {}, whole=True)["unique"]}
        dead, first = connects_nothing(benchmark), None
        for method, title in embedders.items():
            values = dead_last(read_scores(next(files), benchmark), dead)
            by_population = taus_of(benchmark, values, subsets, dict(ranking))
            first = first or by_population
            for (dataset, population), taus in by_population.items():
                row: dict[str, Any] = {
                    "method": method,
                    "title": title,
                    "benchmark": name,
                    "dataset": dataset,
                }
                row |= taus.row(ranking["level"])
                if by_population is not first:
                    row |= taus.less(first[dataset, population], ranking["level"])
                rows.append(row | {"architectures": len(subsets[population])})
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def show(frame: pd.DataFrame) -> list[Block]:
    """Return one row for each predictor, one column for each benchmark and data set."""
    rows = []
    for title, method in frame.groupby("title", sort=False):
        row: dict[str, Entry] = {"operators told by": str(title)}
        for of in method.itertuples():
            place = f"{style.benchmark_title(of.benchmark)} {style.dataset_title(of.dataset)}"
            row[f"KT {place}"] = with_difference(of)
        rows.append(row)
    return [Shown(rows)]
