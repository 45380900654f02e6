"""What an entry of the config's ``predictors`` learns from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tgnas.benchmarks.base import Benchmark
from tgnas.training.auxiliary_targets import graph_scores, with_auxiliary_targets
from tgnas.training.splits import TrainingRows, TrainingSet, draw_rows


def labelled(
    benchmark: Benchmark, label: Mapping[str, Any], entry: Mapping[str, Any], seed: int = 0
) -> TrainingSet:
    """Return the labelled architectures of a benchmark, with auxiliary targets where it has any.

    Args:
        benchmark: a source.
        label: dataset, split and epochs of the accuracy.
        entry: of the config's ``predictors``: how many are drawn, and how.
        seed: of the predictor; it draws only where the entry says so.

    Raises:
        ConfigError: more architectures than have a label.
    """
    origin = drawn_rows(benchmark, label, entry, seed)
    architectures = benchmark.architectures[origin.rows]
    labels = benchmark.accuracy(**label)[origin.rows]
    source = TrainingSet(architectures, labels, benchmark.space.name, origin)
    return with_auxiliary_targets(source, entry["auxiliary_targets"])


def drawn_rows(
    benchmark: Benchmark, label: Mapping[str, Any], entry: Mapping[str, Any], seed: int = 0
) -> TrainingRows:
    """Return the rows of a benchmark that are learned from; arguments and errors as above."""
    known = np.flatnonzero(np.isfinite(benchmark.accuracy(**label)))
    proxy, space = entry.get("drawn_by"), benchmark.space.name
    cells = entry["cells"]
    rows = draw_rows(
        known,
        cells[benchmark.name] if isinstance(cells, Mapping) else cells,
        strategy=entry.get("strategy", "random"),
        scores=graph_scores(proxy, benchmark.architectures[known], space) if proxy else None,
        seed=seed if entry.get("drawn_anew") else 0,
    )
    return TrainingRows(benchmark.name, rows)
