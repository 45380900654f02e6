"""Running searchers and looking up what they found."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from tgnas.benchmarks.base import Benchmark
from tgnas.cell import Cells
from tgnas.methods.searchers._trace import Settings, Trace
from tgnas.registry import SEARCHERS
from tgnas.spaces.base import ChoiceSpace


def run_searches(
    space: ChoiceSpace,
    predict: Callable[[Cells], np.ndarray],
    searcher: str,
    settings: dict[str, Any],
    seed: int,
) -> pd.DataFrame:
    """Return the runs of one searcher with one predictor.

    Columns: searcher, seed, run, architecture (the answer), score, queries, distinct (different
    architectures among the queries), seconds, and the progress as two lists of equal length:
    progress_queries and progress_architectures, the best-scored architecture so far wherever it
    changed.

    Args:
        space: what is searched.
        predict: scores of packed cells.
        searcher: a file of ``tgnas.methods.searchers``.
        settings: the config's section.
        seed: the predictor's seed; run r draws from (seed, r).
    """
    module = SEARCHERS.module(searcher)
    names = ("budget", "completions", "population", "generations")
    chosen = Settings(
        **{name: settings[name] for name in (*names, "differential_weight", "crossover")}
    )

    def evaluate(choices: np.ndarray) -> np.ndarray:
        return predict(space.cells_of_choices(choices))

    rows = []
    for number in range(1 if module.DETERMINISTIC else settings["runs"]):
        start = time.perf_counter()
        trace = module.search(space, evaluate, chosen, np.random.default_rng([seed, number]))
        seconds = time.perf_counter() - start
        about = {"searcher": searcher, "seed": seed, "run": number}
        rows.append({**about, **_summary(space, trace), "seconds": seconds})
    return pd.DataFrame(rows)


def _summary(space: ChoiceSpace, trace: Trace) -> dict[str, Any]:
    choices, scores = trace.all_choices(), trace.all_scores()
    best = np.maximum.accumulate(scores)
    steps = np.flatnonzero(np.diff(best, prepend=-np.inf) > 0)
    cells = space.cells_of_choices(np.concatenate([choices[[trace.answer]], choices[steps]]))
    answer, *progress = (space.format(cells.cell(row)) for row in range(len(cells)))
    return {
        "architecture": answer,
        "score": scores[trace.answer],
        "queries": trace.queries,
        "distinct": len(np.unique(choices, axis=0)),
        "progress_queries": (steps + 1).tolist(),
        "progress_architectures": progress,
    }


def known_scores(benchmark: Benchmark, accuracies: np.ndarray) -> Callable[[Cells], np.ndarray]:
    """Return a scorer that looks accuracies up: what a search that trains would see."""
    row_of = {operators.tobytes(): row for row, operators in enumerate(benchmark.cells.operators)}

    def predict(cells: Cells) -> np.ndarray:
        return accuracies[[row_of[operators.tobytes()] for operators in cells.operators]]

    return predict


def look_up(found: pd.DataFrame, benchmark: Benchmark, ranking: dict[str, Any]) -> pd.DataFrame:
    """Return the runs with the test accuracy (percent) of each answer on every data set."""
    row_of = {text: row for row, text in enumerate(benchmark.architectures)}
    rows = found.architecture.map(row_of).to_numpy()
    looked_up = {
        dataset: benchmark.accuracy(
            dataset=dataset, split=ranking["split"], epochs=ranking["epochs"]
        )[rows]
        for dataset in ranking["datasets"]
    }
    return found.drop(columns=["progress_queries", "progress_architectures"]).assign(**looked_up)


def progress_table(
    runs: pd.DataFrame, scores: np.ndarray, benchmark: Benchmark, ranking: dict[str, Any]
) -> pd.DataFrame:
    """Return how the searches went: median, lowest and highest over all runs of each searcher.

    Columns: searcher, runs, seeds, queries, and of the best-scored architecture so far its rank by
    score (1 is best; scores of different predictor seeds share no scale, ranks do) and its test
    accuracy on the first data set, in percent: rank, rank_low, rank_high, accuracy, ...

    Args:
        runs: the runs of all searchers and predictor seeds; a run that has ended keeps its last.
        scores: a row for each predictor seed: the scores of all architectures of the benchmark.
        benchmark: what the accuracies are looked up in.
        ranking: the config's section: datasets, split, epochs.
    """
    row_of = {text: row for row, text in enumerate(benchmark.architectures)}
    accuracies = benchmark.accuracy(
        dataset=ranking["datasets"][0], split=ranking["split"], epochs=ranking["epochs"]
    )
    ranks = stats.rankdata(-scores, method="min", axis=1)
    tables = []
    for searcher, group in runs.groupby("searcher", sort=False):
        changes = np.concatenate([*group.progress_queries, [group.queries.max()]])
        queries = np.unique(changes.astype(np.int64))
        table = {"searcher": searcher, "runs": len(group), "seeds": group.seed.nunique()}
        found: dict[str, list[np.ndarray]] = {"rank": [], "accuracy": []}
        for run in group.itertuples(index=False):
            steps = np.searchsorted(run.progress_queries, queries, side="right") - 1
            rows = np.array([row_of[text] for text in run.progress_architectures])[steps]
            found["rank"].append(ranks[run.seed][rows])
            found["accuracy"].append(accuracies[rows])
        columns = {"queries": queries}
        for name, values in found.items():
            columns |= {
                name: np.median(values, axis=0),
                f"{name}_low": np.min(values, axis=0),
                f"{name}_high": np.max(values, axis=0),
            }
        tables.append(pd.DataFrame(table | columns))
    return pd.concat(tables, ignore_index=True)
