"""What scores are worth where accuracies are known: intervals, and what counting alone is worth."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from tgnas.costs.named import counted
from tgnas.encodings.live import live_pattern, live_vertices
from tgnas.errors import DataError, number_of, some_of
from tgnas.operators import CODES, PADDING
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space

LEAST = 10  # architectures that anything is concluded from
LEVEL = 0.95
RESAMPLES = 500
NO_OPERATORS = [CODES[name] for name in ("input", "output", "identity", "zero")] + [PADDING]
Vector = Float64[np.ndarray, " N"]


def measures_of(
    architectures: Architectures,
    scores: Vector,
    accuracies: Vector,
    space: Space,
    where: str,
    learned: Sequence[str] = (),
) -> dict[str, Any]:
    """Return how well scores rank architectures, beside the complexity baseline.

    The interval holds 95 % of what the measure is over resampled architectures, those of one live
    pattern drawn together; the difference to the baseline is taken on the same resamples. Numbers
    that are not defined are None.

    Args:
        architectures: what was scored.
        scores: higher predicts better.
        accuracies: higher is better.
        space: what they are of.
        where: they stand, for the message.
        learned: the benchmarks, or spaces, of whose labels of such architectures the scores have
            learned; where those were labels of these, the measures say too much.

    Raises:
        DataError: they are fewer than ``LEAST``, or a score is not finite.
    """
    from tgnas.evaluation import ranking  # noqa: PLC0415 - pandas, .3 s that scoring saves

    count = len(scores)
    if faulty := int((~np.isfinite(scores)).sum()):
        raise DataError(f"{where}: {some_of(faulty, count, 'score')} not finite")
    if count < LEAST:
        raise DataError(
            f"{where}: {number_of(count, 'labelled architecture')}; from fewer than {LEAST} "
            "nothing is concluded"
        )
    name, complexity = baseline(architectures, space)
    patterns, generator = live_pattern(architectures).distinct()[1], np.random.default_rng(0)
    drawn = ranking.resampled_rows(patterns, RESAMPLES, generator)
    taus = np.array(
        [
            [ranking.kendall_tau(v[rows], accuracies[rows]) for v in (scores, complexity)]
            if len(rows) > 2
            else [math.nan, math.nan]  # where two patterns or so are all that there is
            for rows in drawn
        ]
    )
    tau, of_baseline = (ranking.kendall_tau(v, accuracies) for v in (scores, complexity))
    difference = _interval(taus[:, 0] - taus[:, 1])
    top = max(1, round(count / 10))
    return {
        "architectures": count,
        "kendall_tau": _number(tau),
        "interval": _interval(taus[:, 0]),
        "spearman_rho": _number(ranking.spearman_rho(scores, accuracies)),
        f"precision_at_{top}": _number(ranking.precision_at_k(scores, accuracies, top)),
        f"regret_at_{top}": _number(ranking.regret_at_k(scores, accuracies, top)),
        "baseline": {
            "name": name,
            "kendall_tau": _number(of_baseline),
            "interval": _interval(taus[:, 1]),
        },
        "difference": {"kendall_tau": _number(tau - of_baseline), "interval": difference},
        "conclusion": _conclusion(name, difference),
        "learned": list(learned),
    }


def baseline(architectures: Architectures, space: Space) -> tuple[str, Vector]:
    """Return the complexity baseline of a space: what is counted, and of each architecture.

    Parameters where they are counted and differ; else operators on live paths that are neither
    identity nor zero.
    """
    counters = counted(space)
    params = counters["params"](architectures) if counters else np.zeros(len(architectures))
    if np.isfinite(params).all() and np.ptp(params) > 0:
        return "params", params
    cells = architectures.cells
    there = live_vertices(cells) & ~np.isin(cells.operators, NO_OPERATORS)
    return "live operators", architectures.mean_over_cells(there.sum(axis=1).astype(np.float64))


def _interval(values: Vector) -> list[float | None]:
    finite = values[np.isfinite(values)]
    if len(finite) < len(values) // 2:
        return [None, None]
    ends = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return [float(end) for end in ends]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _conclusion(name: str, interval: list[float | None]) -> str:
    low, high = interval
    if low is None or high is None:
        return f"{name} or the scores are constant, so that nothing is concluded"
    if low > 0:
        return f"the scores rank better than {name}"
    return f"the scores rank worse than {name}" if high < 0 else f"not told apart from {name}"
