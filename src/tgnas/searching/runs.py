"""Running searchers and looking up what they found."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int64

from tgnas.benchmarks.base import Benchmark
from tgnas.benchmarks.nasbench201 import VALIDATED
from tgnas.costs.constraints import Constraint, by_debs_rule
from tgnas.errors import ConfigError
from tgnas.methods.light_contracts import Surrogate, Trace
from tgnas.methods.searchers import pruning
from tgnas.methods.settings import read_settings
from tgnas.registry import SEARCHERS
from tgnas.searching.oracles import Listing, Oracle, Source, searched, tabulated
from tgnas.spaces.space import Space


@dataclass(frozen=True)
class Plan:
    """What is run with each source of scores.

    Attributes:
        searchers: files of ``tgnas.methods.searchers``, each with its ``Settings`` by name.
        runs: how often each searches; one that draws nothing searches once.
        top: how many of a run's best-scored architectures are kept.
    """

    searchers: Mapping[str, Mapping[str, Any]]
    runs: int
    top: int


def run_searches(
    space: Space,
    sources: Iterable[Source],
    plan: Plan,
    *,
    label: str = "",
    surrogates: Mapping[str, Surrogate] = MappingProxyType({}),
) -> pd.DataFrame:
    """Return the runs of searchers; run r with source s draws from (s, r).

    Columns: searcher, label, seed (of the source), run, architecture (the incumbent), score,
    queries, distinct (different architectures among the queries), top (the ``plan.top`` best-scored
    different architectures, the best first), the progress as two lists of equal length
    (progress_queries and progress_architectures: the best-scored architecture so far wherever it
    changed), seconds, and training_seconds (of the trainings that the scores stand for, as far as
    they are known).

    Args:
        space: what is searched.
        sources: the scores of each seed of a scorer.
        plan: the searchers.
        label: the measured accuracy that the scores are; empty where no label is read.
        surrogates: what searchers may fit on what they have queried, by searcher.

    Raises:
        ConfigError: labels for a searcher that does not declare to use them, or none for one that
            needs them.
    """
    by_seed, rows = list(sources), []
    for searcher, settings in plan.searchers.items():
        module = SEARCHERS.module(searcher)
        if ("labels" if label else "scores") not in module.CARD.needs:
            kind = f"labels ({label})" if label else "scores"
            raise ConfigError(f"searcher {searcher} needs {module.CARD.needs}, not {kind}")
        chosen, surrogate = read_settings(module.Settings, settings), surrogates.get(searcher)
        repeats = range(1 if module.DETERMINISTIC else plan.runs)
        for (seed, source), run in product(enumerate(by_seed), repeats):
            oracle, generator = Oracle(source), np.random.default_rng([seed, run])
            start = time.perf_counter()
            trace = searched(searcher, space, oracle, chosen, generator, surrogate)
            seconds = time.perf_counter() - start
            about = {"searcher": searcher, "label": label, "seed": seed, "run": run}
            cost = {"seconds": seconds, "training_seconds": oracle.training_seconds}
            rows.append({**about, **_summary(space, trace, plan.top), **cost})
    return pd.DataFrame(rows)


def run_constrained(
    space: Space,
    benchmark: Benchmark,
    scores: Float64[np.ndarray, "S N"],
    costs: pd.DataFrame,
    shares: Sequence[float],
    plan: Plan,
) -> pd.DataFrame:
    """Return the runs under a constraint on each cost that each share of architectures keeps.

    Columns beside those of ``run_searches``: cost, share, bound, value (of the incumbent).

    Args:
        space: what is searched.
        benchmark: whose order scores and costs have.
        scores: a row for each seed of a scorer.
        costs: a column for each cost.
        shares: of the benchmark's architectures.
        plan: the searchers.
    """
    listing, tables = Listing(space, benchmark.architectures), []
    row_of = {text: row for row, text in enumerate(benchmark.strings)}
    for cost, share in product(costs, shares):
        values = costs[cost].to_numpy(dtype=np.float64)
        constraint = Constraint.of_share(cost, values, share)
        excess = constraint.excess(values)
        sources = (tabulated(listing, by_debs_rule(row, excess)) for row in scores)
        table = run_searches(space, sources, plan)
        about = {"cost": cost, "share": share, "bound": constraint.bound}
        tables.append(table.assign(**about, value=values[table.architecture.map(row_of)]))
    return pd.concat(tables, ignore_index=True)


def _summary(space: Space, trace: Trace, top: int) -> dict[str, Any]:
    architectures, scores = trace.architectures, trace.scores
    different, _ = architectures.distinct()
    best = different[np.argsort(-scores[different], kind="stable")[:top]]
    steps = np.flatnonzero(np.diff(np.maximum.accumulate(scores), prepend=-np.inf) > 0)
    rows = np.concatenate([[trace.incumbent], best, steps])
    incumbent, *others = space.format(architectures[rows])
    return {
        "architecture": incumbent,
        "score": scores[trace.incumbent],
        "queries": trace.queries,
        "distinct": len(different),
        "top": others[: len(best)],
        "progress_queries": (steps + 1).tolist(),
        "progress_architectures": others[len(best) :],
    }


def look_up(runs: pd.DataFrame, benchmark: Benchmark, ranking: dict[str, Any]) -> pd.DataFrame:
    """Return the runs with two test accuracies (percent) for each data set.

    Columns beside those of the runs: the data set's name (of the incumbent), and the name with
    " top" (of the one among the run's best-scored that has the highest validation accuracy on that
    data set).
    """
    row_of = {text: row for row, text in enumerate(benchmark.strings)}
    incumbents = runs.architecture.map(row_of).to_numpy()
    columns = {}
    for dataset in ranking["datasets"]:
        epochs = ranking["epochs"]
        test = benchmark.accuracy(dataset=dataset, split=ranking["split"], epochs=epochs)
        seen = benchmark.accuracy(dataset=VALIDATED[dataset], split="validation", epochs=epochs)
        tops = [np.array([row_of[text] for text in top]) for top in runs.top]
        columns[dataset] = test[incumbents]
        columns[f"{dataset} top"] = [test[rows[np.argmax(seen[rows])]] for rows in tops]
    dropped = ["top", "progress_queries", "progress_architectures", "training_seconds"]
    return runs.drop(columns=dropped).assign(**columns)


def standing(
    runs: pd.DataFrame, benchmark: Benchmark, scores: Float64[np.ndarray, "S N"]
) -> pd.DataFrame:
    """Return the runs with where their incumbents stand among architectures that are known.

    Columns beside those of the runs: listed (the benchmark has the incumbent), above (the share of
    the benchmark's architectures that the same seed scores lower than the incumbent).

    Args:
        runs: the runs.
        benchmark: what is known.
        scores: a row for each seed: the scores of the benchmark's architectures.
    """
    listed = runs.architecture.isin(set(benchmark.strings))
    pairs = zip(runs.seed, runs.score, strict=True)
    return runs.assign(listed=listed, above=[(scores[s] < score).mean() for s, score in pairs])


def compare_partial_scores(space: Space, sources: Iterable[Source], plan: Plan) -> pd.DataFrame:
    """Return the runs of pruning with each of ``pruning.PARTIAL_SCORES``.

    Columns beside those of ``run_searches``: partial (the score), and tied (the share of the
    operators, before anything is pruned, whose removal costs what another's on that edge does).
    """
    by_seed, settings, tables = list(sources), plan.searchers["pruning"], []
    for name in pruning.PARTIAL_SCORES:
        chosen = replace(plan, searchers={"pruning": {**settings, "partial_architecture": name}})
        runs = run_searches(space, by_seed, chosen)
        tied = [
            _tied(
                space, by_seed[seed], pruning.Settings(**chosen.searchers["pruning"]), [seed, run]
            )
            for seed, run in zip(runs.seed, runs.run, strict=True)
        ]
        tables.append(runs.assign(partial=name, tied=tied))
    return pd.concat(tables, ignore_index=True)


def _tied(space: Space, source: Source, settings: pruning.Settings, seed: list[int]) -> float:
    """Return the share of removal scores in the first step that stand more than once in a row."""
    whole = pruning.whole(space)
    drawn = pruning.draws(settings.completions, len(whole), np.random.default_rng(seed))

    def score(choices: Int64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        return source(space.of_choices(choices), None)[0]

    partial_score = pruning.PARTIAL_SCORES[settings.partial_architecture]
    damage = pruning.removal_scores(score, whole, drawn, partial_score)
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
    ranks = np.stack([np.searchsorted(np.sort(-row), -row) + 1 for row in scores])
    tables = []
    for searcher, group in runs.groupby("searcher", sort=False):
        changes = np.concatenate([*group.progress_queries, [group.queries.max()]])
        queries = np.unique(changes.astype(np.int64))
        table = {"searcher": searcher, "runs": len(group), "seeds": group.seed.nunique()}
        series: dict[str, list[np.ndarray]] = {"rank": [], "accuracy": []}
        for run in group.itertuples(index=False):
            steps = np.searchsorted(run.progress_queries, queries, side="right") - 1
            rows = np.array([row_of[text] for text in run.progress_architectures])[steps]
            series["rank"].append(ranks[run.seed][rows])
            series["accuracy"].append(accuracies[rows])
        columns = {"queries": queries}
        for name, values in series.items():
            columns |= {
                name: np.median(values, axis=0),
                f"{name}_low": np.min(values, axis=0),
                f"{name}_high": np.max(values, axis=0),
            }
        tables.append(pd.DataFrame(table | columns))
    return pd.concat(tables, ignore_index=True)
