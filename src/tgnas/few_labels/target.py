"""Methods that see a few labels of their target: predictors that learn them, searchers that query.

A ``Target`` is a benchmark's architectures with one accuracy that is learned or queried and one
that is reported. All methods of a target learn the same labels by seed and size, and are measured
on the same architectures, so that their differences are paired.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float64, Int64

from tgnas.benchmarks._kin import whole
from tgnas.benchmarks.base import Benchmark
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.errors import ConfigError
from tgnas.evaluation.ranking import kendall_tau, top_tau
from tgnas.methods.contracts import Context
from tgnas.methods.few_labels import prepared
from tgnas.methods.light_contracts import Trace
from tgnas.methods.settings import read_settings
from tgnas.methods.trained import Trained, codes_of
from tgnas.registry import PREDICTORS, SEARCHERS
from tgnas.searching.live import Surrogate
from tgnas.searching.oracles import Oracle, searched
from tgnas.searching.pool import Pool
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet, draw_rows

TOP = 0.1  # the truly best share, inside which ranks are measured too
ZERO_SHOT = "zero_shot"  # the row of no label at all


@dataclass(frozen=True, eq=False)
class Target:
    """The architectures of a benchmark, and what is known of them.

    Attributes:
        pool: N of them, with their inputs.
        context: in which predictors are fitted.
        labels: what is learned or queried, (N,).
        reported: the accuracy that is reported.
        seconds: of the training behind each label; zero where unknown.
    """

    pool: Pool
    context: Context
    labels: Float64[np.ndarray, " N"]
    reported: Float64[np.ndarray, " N"]
    seconds: Float64[np.ndarray, " N"]

    @classmethod
    def of(
        cls,
        benchmark: Benchmark,
        embeddings: OperatorEmbeddings,
        start: Trained | None,
        *,
        learned: Mapping[str, Any],
        reported: Mapping[str, Any],
        drawn: int | None = None,
    ) -> "Target":
        """Return the target of a benchmark.

        Args:
            benchmark: its architectures, of which those without a label are left out.
            embeddings: the operators' sentence vectors.
            start: the zero-shot predictor, which has seen no label of this benchmark.
            learned: dataset, split and epochs of what is learned or queried.
            reported: the same of what is reported.
            drawn: how many of the architectures there are, drawn with seed 0; None for all.

        Raises:
            ConfigError: the start has learned labels of the benchmark's space.
        """
        if start is not None:
            _refuse_seen(benchmark, start)
        labels, true = benchmark.accuracy(**learned), benchmark.accuracy(**reported)
        rows = np.flatnonzero(np.isfinite(labels) & np.isfinite(true))
        if drawn is not None and drawn < len(rows):
            rows = draw_rows(rows, drawn)
        column = f"training_seconds/{learned['dataset']}/{learned['epochs']}"
        known = column in benchmark.table.column_names
        seconds = benchmark.table.column(column).to_numpy() if known else np.zeros(len(labels))
        chosen = benchmark.architectures[rows]
        operators = KnownOperators.of(embeddings)
        codes = codes_of([TrainingSet(chosen, labels[rows])], len(operators.vectors))
        context = Context(
            replace(operators, training=tuple(codes)), start=start.as_start() if start else None
        )
        listed, context = prepared(chosen, context)
        pool = Pool.of(benchmark.space, listed)
        return cls(pool, context, labels[rows], true[rows], seconds[rows])

    @property
    def architectures(self) -> Architectures:
        """All of them."""
        return self.pool.listed


def _refuse_seen(benchmark: Benchmark, start: Trained) -> None:
    seen = {rows.benchmark for rows in start.rows}
    same = sorted(name for name in seen if whole(name) == whole(benchmark.name))
    if same:
        target = "which is the target"
        if same[0] != benchmark.name:
            target = f"whose networks are those of {benchmark.name}, the target"
        raise ConfigError(f"the zero-shot start has learned labels of {same[0]}, {target}")


def learn(
    target: Target,
    method: str,
    settings: Mapping[str, Any],
    *,
    sizes: Sequence[int],
    seeds: int,
    tested: int,
) -> pd.DataFrame:
    """Return how a predictor ranks what it has not learned, for each number of labels and seed.

    Columns: labels, seed, kendall_tau (over the architectures that are measured on), top_tau
    (inside their truly best tenth; NaN where that is fewer than 30), seconds (processor time of
    fitting, evenly shared by seeds that are fitted together).

    Args:
        target: the target.
        method: a file of ``tgnas.methods.predictors``, or ``zero_shot`` for the start alone.
        settings: the method's keys.
        sizes: numbers of labels; 0 alone for ``zero_shot``.
        seeds: draws of the labels.
        tested: on how many architectures, the same for all methods, ranks are measured; those that
            a seed learned are left out.
    """
    rows, count = [], len(target.labels)
    measured = draw_rows(count, min(tested, count), seed=10**6)
    for size in sizes:
        none = np.empty(0, dtype=np.int64)
        drawn = [draw_rows(count, size, seed=seed) if size else none for seed in range(seeds)]
        start = time.process_time()
        fitted = _fitted(target, method, settings, drawn)
        seconds = (time.process_time() - start) / seeds
        for seed, (predictor, learned) in enumerate(zip(fitted, drawn, strict=True)):
            rest = np.setdiff1d(measured, learned)
            scores = predictor.score(target.architectures[rest])
            true = target.reported[rest]
            taus = {
                "kendall_tau": kendall_tau(scores, true),
                "top_tau": top_tau(scores, true, TOP),
            }
            rows.append({"labels": size, "seed": seed, **taus, "seconds": seconds})
    return pd.DataFrame(rows)


def _fitted(
    target: Target,
    method: str,
    settings: Mapping[str, Any],
    drawn: Sequence[Int64[np.ndarray, " n"]],
) -> Sequence[Any]:
    """Return a predictor for each draw of labels."""
    if method == ZERO_SHOT:
        return [target.context.start] * len(drawn)
    module = PREDICTORS.module(method)
    chosen, context = read_settings(module.Settings, settings, method), target.context
    sources = [
        TrainingSet(target.architectures[rows], target.labels[rows], target.pool.name)
        for rows in drawn
    ]
    generators = [torch.Generator().manual_seed(seed) for seed in range(len(drawn))]
    if hasattr(module, "fit_together"):
        return module.fit_together(sources, chosen, context, generators)
    pairs = zip(sources, generators, strict=True)
    return [module.fit([source], chosen, context, generator) for source, generator in pairs]


def query(
    target: Target,
    searcher: str,
    settings: Mapping[str, Any],
    predictor: Mapping[str, Any] | None,
    *,
    seeds: int,
    at: Sequence[int],
) -> pd.DataFrame:
    """Return what a searcher has found after so many labels, for each seed.

    Columns: seed, queries, seconds (of the trainings so far), accuracy (reported, of the
    architecture that the search would return then), regret (what the best of the target has more),
    found (at which query the best of the target was labelled; NaN where it was not), processor
    (seconds of the whole search without trainings).

    Args:
        target: the target.
        searcher: a file of ``tgnas.methods.searchers``.
        settings: its keys.
        predictor: what it fits on its labels: a method, and its settings; None for none.
        seeds: runs.
        at: after how many labels is looked.
    """
    rows: list[dict[str, Any]] = []
    chosen = read_settings(SEARCHERS.module(searcher).Settings, settings, searcher)
    surrogate = None
    if predictor is not None:
        method = PREDICTORS.module(predictor["method"])
        own = read_settings(method.Settings, predictor.get("settings", {}), predictor["method"])
        surrogate = Surrogate(predictor["method"], own, target.context)
    for seed in range(seeds):
        start = time.process_time()
        oracle, generator = Oracle(_source(target), "label"), np.random.default_rng(seed)
        trace = searched(searcher, target.pool, oracle, chosen, generator, surrogate)
        processor = time.process_time() - start
        rows += _steps(target, trace, at, {"seed": seed, "processor": processor})
    return pd.DataFrame(rows)


def _source(target: Target) -> Any:
    def answer(
        architectures: Architectures, fidelity: int | None
    ) -> tuple[Float64[np.ndarray, " N"], float]:
        if fidelity is not None:
            raise ConfigError(f"the labels of a target are of one fidelity, not of {fidelity}")
        rows = target.pool.rows_of(architectures)
        return target.labels[rows], float(target.seconds[rows].sum())

    return answer


def _steps(
    target: Target, trace: Trace, at: Sequence[int], about: Mapping[str, Any]
) -> list[dict[str, Any]]:
    rows = target.pool.rows_of(trace.architectures)
    spent = np.cumsum(target.seconds[rows])
    hit = np.flatnonzero(target.reported[rows] == target.reported.max())
    queries_to_best = float(hit[0] + 1) if len(hit) else float("nan")
    steps = []
    for count in at:
        if count > len(rows):
            continue
        choices = [row for queries, row in trace.choices if queries <= count]
        row = rows[choices[-1] if choices else int(np.argmax(target.labels[rows[:count]]))]
        accuracy = target.reported[row]
        regret = target.reported.max() - accuracy
        step = {"queries": count, "seconds": spent[count - 1], "accuracy": accuracy}
        steps.append({**about, **step, "regret": regret, "found": queries_to_best})
    return steps
