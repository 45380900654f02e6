"""Running searchers and looking up what they found."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64
from scipy import stats

from tgnas.benchmarks.base import Benchmark
from tgnas.benchmarks.nasbench201 import VALIDATED
from tgnas.errors import ConfigError
from tgnas.methods.searchers import pruning
from tgnas.methods.searchers._trace import Evaluate, Settings, Trace
from tgnas.registry import SEARCHERS
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space


def live(space: Space, score: Callable[[Architectures], np.ndarray]) -> Evaluate:
    """Return the evaluator that asks a predictor."""
    return lambda choices: score(space.of_choices(choices))


def known(space: Space, benchmark: Benchmark, scores: np.ndarray) -> Evaluate:
    """Return the evaluator that looks scores up: of any method that has a score file.

    Args:
        space: what is searched; all of it is in the benchmark.
        benchmark: whose order the scores have.
        scores: one for each architecture.
    """
    rows = benchmark.architectures.rows_of(space.enumerate())
    table = scores[rows].reshape([len(options) for options in space.choices])
    return lambda choices: table[tuple(choices.T)]


def within(
    scores: Float64[np.ndarray, " N"], costs: Float64[np.ndarray, " N"], limit: float
) -> Float64[np.ndarray, " N"]:
    """Return scores under which what costs more than `limit` is worse than all that does not.

    Deb's rule (Computer Methods in Applied Mechanics and Engineering 186, 2000): the score of what
    is too costly is the worst of all, less the violation; here the violation is the relative
    excess, in units of the range of the scores. An unknown cost (NaN) is too high.

    Raises:
        ConfigError: nothing costs so little.
    """
    if not (costs <= limit).any():
        raise ConfigError(
            f"no architecture costs {limit:g} or less; the least is {np.nanmin(costs):g}"
        )
    excess = np.nan_to_num(costs, nan=np.nanmax(costs)) / limit - 1
    worst = scores.min() - (np.ptp(scores) or 1.0) * excess
    return np.where(costs <= limit, scores, worst)


def run_searches(
    space: Space,
    evaluate: Evaluate,
    searcher: str,
    settings: dict[str, Any],
    seed: int,
) -> pd.DataFrame:
    """Return the runs of one searcher with one evaluator.

    Columns: searcher, seed, run, architecture (the answer), score, queries, distinct (different
    architectures among the queries), seconds, top (the ``settings["top"]`` best-scored different
    architectures, the best first), and the progress as two lists of equal length:
    progress_queries and progress_architectures, the best-scored architecture so far wherever it
    changed.

    Args:
        space: what is searched.
        evaluate: scores of choices.
        searcher: a file of ``tgnas.methods.searchers``.
        settings: the searchers' ``Settings`` by name, with runs and top.
        seed: the scorer's seed; run r draws from (seed, r).
    """
    module = SEARCHERS.module(searcher)
    chosen = Settings(**{field.name: settings[field.name] for field in fields(Settings)})
    rows = []
    for number in range(1 if module.DETERMINISTIC else settings["runs"]):
        start = time.perf_counter()
        trace = module.search(space, evaluate, chosen, np.random.default_rng([seed, number]))
        seconds = time.perf_counter() - start
        about = {"searcher": searcher, "seed": seed, "run": number}
        rows.append({**about, **_summary(trace, settings["top"]), "seconds": seconds})
    return pd.DataFrame(rows)


def _summary(trace: Trace, top: int) -> dict[str, Any]:
    choices, scores = trace.all_choices(), trace.all_scores()
    different, first = np.unique(choices, axis=0, return_index=True)
    best = np.sort(first)[np.argsort(-scores[np.sort(first)], kind="stable")[:top]]
    steps = np.flatnonzero(np.diff(np.maximum.accumulate(scores), prepend=-np.inf) > 0)
    rows = np.concatenate([[trace.answer], best, steps])
    answer, *others = trace.space.format(trace.space.of_choices(choices[rows]))
    return {
        "architecture": answer,
        "score": scores[trace.answer],
        "queries": trace.queries,
        "distinct": len(different),
        "top": others[: len(best)],
        "progress_queries": (steps + 1).tolist(),
        "progress_architectures": others[len(best) :],
    }


def look_up(found: pd.DataFrame, benchmark: Benchmark, ranking: dict[str, Any]) -> pd.DataFrame:
    """Return the runs with two test accuracies (percent) for each data set.

    Columns beside those of the runs: the data set's name (of the answer, which saw no label), and
    the name with " top" (of the one among the run's best-scored that has the highest validation
    accuracy on that data set).
    """
    row_of = {text: row for row, text in enumerate(benchmark.strings)}
    answers = found.architecture.map(row_of).to_numpy()
    columns = {}
    for dataset in ranking["datasets"]:
        epochs = ranking["epochs"]
        test = benchmark.accuracy(dataset=dataset, split=ranking["split"], epochs=epochs)
        seen = benchmark.accuracy(dataset=VALIDATED[dataset], split="validation", epochs=epochs)
        tops = [np.array([row_of[text] for text in run]) for run in found.top]
        columns[dataset] = test[answers]
        columns[f"{dataset} top"] = [test[rows[np.argmax(seen[rows])]] for rows in tops]
    kept = found.drop(columns=["top", "progress_queries", "progress_architectures"])
    return kept.assign(**columns)


def standing(
    found: pd.DataFrame, benchmark: Benchmark, scores: Float64[np.ndarray, "S N"]
) -> pd.DataFrame:
    """Return the runs with where their answers stand among architectures that are known.

    Columns beside those of the runs: listed (the benchmark has the answer), above (the share of
    the benchmark's architectures that the same seed scores lower than the answer).

    Args:
        found: the runs.
        benchmark: what is known.
        scores: a row for each seed: the scores of the benchmark's architectures.
    """
    listed = found.architecture.isin(set(benchmark.strings))
    pairs = zip(found.seed, found.score, strict=True)
    return found.assign(listed=listed, above=[(scores[s] < score).mean() for s, score in pairs])


def compare_partial_scores(
    space: Space,
    evaluators: Sequence[Evaluate],
    settings: dict[str, Any],
) -> pd.DataFrame:
    """Return the runs of pruning with each of ``pruning.PARTIAL_SCORES``.

    Columns beside those of ``run_searches``: partial, and tied (the share of the full one's
    operators, before anything is pruned, whose removal costs what another's on that edge does).

    Args:
        space: what is searched.
        evaluators: one for each seed of the scorer.
        settings: as in ``run_searches``.
    """
    full, tables = pruning.remaining(space), []
    for name, partial in pruning.PARTIAL_SCORES.items():
        for seed, evaluate in enumerate(evaluators):
            table = run_searches(
                space, evaluate, "pruning", settings | {"partial_architecture": name}, seed
            )
            generators = (np.random.default_rng([seed, run]) for run in table.run)
            drawn = (pruning.draws(settings["completions"], len(full), g) for g in generators)
            damages = (pruning.removal_scores(evaluate, full, each, partial) for each in drawn)
            tables.append(table.assign(partial=name, tied=[_tied(damage) for damage in damages]))
    return pd.concat(tables, ignore_index=True)


def _tied(damage: np.ndarray) -> float:
    """Return the share of finite numbers that stand more than once in their row."""
    counts = [Counter(row[np.isfinite(row)].tolist()) for row in damage]
    repeated = sum(count for row in counts for count in row.values() if count > 1)
    return repeated / sum(row.total() for row in counts)


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
    row_of = {text: row for row, text in enumerate(benchmark.strings)}
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
