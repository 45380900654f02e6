"""Fronts of accuracy and one cost from few labels: what is expected to enlarge the front the most.

The expected improvement of the hypervolume (Emmerich, Giannakoglou and Naujoks, IEEE Transactions
on Evolutionary Computation 10, 2006) with one certain goal, for a cost is known without a training.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from scipy import special

from tgnas.costs.front import front
from tgnas.methods.few_labels import normal_scores
from tgnas.methods.predictors.gaussian_process import Predictor
from tgnas.methods.searchers._few import Candidates, zero_shot_of
from tgnas.searching.live import Surrogate
from tgnas.training.splits import TrainingSet

CONSIDERED = 1000  # candidates of the highest improvement, from which a batch is taken
CERTAIN = 0.1  # deviation of a zero-shot start
SQRT_2_PI = (2 * np.pi) ** 0.5
Values = Float64[np.ndarray, " N"]


def expected_improvement(
    mean: Values,
    deviation: Values,
    costs: Values,
    known: Int64[np.ndarray, " n"],
) -> Values:
    """Return by how much each architecture is expected to enlarge the hypervolume.

    Costs are known and accuracies normal (Emmerich et al., 2006, with one certain goal): the
    expected improvement of the accuracy over the best known of no higher cost, summed over all
    costs from the architecture's own to the highest. The known ones count at their means. An
    unknown cost (NaN) improves nothing.

    Args:
        mean: of the accuracy.
        deviation: of it.
        costs: of each architecture; lower is better.
        known: rows of those that have been trained.
    """
    highest, lowest = np.nanmax(costs), mean[known].min()
    members = known[front(costs[known], mean[known])]
    starts = np.concatenate([[np.nanmin(costs)], costs[members]])
    reached = np.concatenate([[lowest], mean[members]])
    ends = np.append(starts[1:], highest)
    safe = np.maximum(deviation, 1e-12)[:, None]
    margin = (mean[:, None] - reached) / safe
    improved = safe * (margin * special.ndtr(margin) + np.exp(-(margin**2) / 2) / SQRT_2_PI)
    widths = np.clip(ends - np.maximum(starts, np.nan_to_num(costs, nan=highest)[:, None]), 0, None)
    gain = (improved * widths).sum(axis=1)
    return np.where(np.isfinite(costs), gain, 0.0)


def improving(
    candidates: Candidates,
    mean: Values,
    deviation: Values,
    costs: Values,
    count: int,
    lowest: float = -np.inf,
) -> Int64[np.ndarray, " n"]:
    """Return open candidates that are expected to enlarge the front the most, one after another.

    Each is chosen as if those before it had turned out as expected, those that are predicted alike
    but once. What has been queried counts at its mean; where nothing has, the first is that of the
    highest mean. One whose cost is unknown (NaN) enlarges nothing.

    Args:
        candidates: of which those that were queried are not open.
        mean: of the accuracy of each, on any scale.
        deviation: of it.
        costs: of each; lower is better.
        count: how many, at most as many as are open.
        lowest: the mean from which on the hypervolume counts; at least that of the least accurate
            that was queried.
    """
    open_rows = np.flatnonzero(candidates.open)
    reached, chosen = np.array(candidates.rows, dtype=np.int64), np.empty(0, dtype=np.int64)
    if not len(reached):
        known = np.where(np.isfinite(costs), mean, -np.inf)
        chosen = reached = open_rows[[np.argmax(known[open_rows])]]
    considered = np.setdiff1d(open_rows, chosen)
    bounds = np.array([np.nanmin(costs), np.nanmax(costs)])
    while len(chosen) < count:
        below = max(lowest, mean[reached].min())
        # The reference is a member of its own: it costs the most, and is as accurate as `below`.
        means = np.concatenate([mean[considered], np.maximum(mean[reached], below), [below] * 2])
        spread = np.concatenate([deviation[considered], np.zeros(len(reached) + 2)])
        prices = np.concatenate([costs[considered], costs[reached], bounds])
        known = np.append(len(considered) + np.arange(len(reached)), len(means) - 1)
        gain = expected_improvement(means, spread, prices, known)[: len(considered)]
        order = np.argsort(-gain, kind="stable")
        best = considered[order[:1]]
        reached, chosen = np.append(reached, best), np.append(chosen, best)
        considered = considered[order[1 : max(CONSIDERED, count)]]
        new = (mean[considered] != mean[best]) | (deviation[considered] != deviation[best])
        considered = considered[new] if new.sum() >= count - len(chosen) else considered
    return chosen[:count]


def zero_shot_front(candidates: Candidates, costs: Values, count: int) -> Int64[np.ndarray, " n"]:
    """Return open candidates that enlarge the front of zero-shot score and cost the most.

    Scores count as normal scores, from the median on, and as if they were sure.
    """
    mean = normal_scores(zero_shot_of(candidates.every))
    return improving(candidates, mean, np.full(len(mean), CERTAIN), costs, count, 0.0)


@dataclass(frozen=True)
class Rounds:
    """How a search of a front queries.

    Attributes:
        budget: labels in all.
        first: those before the first fit.
        batch: of a round.
        zero_shot: the share of the first that enlarge the zero-shot front; the others are drawn.
    """

    budget: int
    first: int = 10
    batch: int = 10
    zero_shot: float = 0.0


def search_front(
    candidates: Candidates,
    labels: Values,
    costs: Values,
    surrogate: Surrogate,
    rounds: Rounds,
    generator: np.random.Generator,
) -> Int64[np.ndarray, " n"]:
    """Return the rows whose labels a search of the front queries, in the order of the queries.

    Args:
        candidates: none of which has been queried; they bear their inputs.
        labels: of each, looked up where it is queried, and nowhere else.
        costs: of each.
        surrogate: a Gaussian process.
        rounds: how many labels, and when.
        generator: of what is drawn.

    Raises:
        ConfigError: a zero-shot start is asked for, and there are no scores.
    """
    budget = min(rounds.budget, int(candidates.open.sum()))
    count = min(rounds.first, budget)
    led = round(rounds.zero_shot * count)
    begun = zero_shot_front(candidates, costs, led) if led else np.empty(0, dtype=np.int64)
    left = np.setdiff1d(np.flatnonzero(candidates.open), begun)
    _take(candidates, np.append(begun, generator.choice(left, count - led, replace=False)))
    while len(candidates.rows) < budget:
        rows = np.array(candidates.rows)
        observed = TrainingSet(candidates.every[rows], labels[rows], candidates.space.name)
        fitted = surrogate.fit(observed, generator)
        assert isinstance(fitted, Predictor)
        mean, deviation = fitted.distribution(candidates.every)
        count = min(rounds.batch, budget - len(rows))
        _take(candidates, improving(candidates, mean, deviation, costs, count))
    return np.array(candidates.rows)


def _take(candidates: Candidates, rows: Int64[np.ndarray, " n"]) -> None:
    candidates.open[rows] = False
    candidates.rows += rows.tolist()
