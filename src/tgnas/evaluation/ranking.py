"""How well scores rank architectures: correlations with intervals, precision, regret, true rank.

Scores and accuracies are vectors of shape (N,), higher is better in both, and no sign is hidden.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy  # which imports scipy.stats, a second of work, when it is first needed
from jaxtyping import Float64, Int64

from tgnas.benchmarks.base import Benchmark
from tgnas.training.ranks import mid_ranks

Vector = Float64[np.ndarray, " N"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number about one vector of scores.

    Attributes:
        subset: "all" architectures or the truly best share ("top").
        name: kendall_tau, spearman_rho, precision_at_k, regret_at_k, rank_at_k.
        value: the measure; NaN where constant scores leave a correlation undefined.
        low: lower end of the bootstrap interval; NaN where none is drawn.
        high: its upper end.
        architectures: how many the measure was taken over.
    """

    subset: str
    name: str
    value: float
    low: float
    high: float
    architectures: int


def kendall_tau(scores: Vector, accuracies: Vector) -> float:
    """Return Kendall's tau-b; ties are corrected for.

    Raises:
        ValueError: fewer than three architectures, or a score that is not finite.
    """
    _check(scores, accuracies, least=3)  # of two, SciPy divides by zero for a p-value
    return float(scipy.stats.kendalltau(scores, accuracies, method="asymptotic").statistic)


def spearman_rho(scores: Vector, accuracies: Vector) -> float:
    """Return Spearman's rho with mid-ranks for ties; NaN for constant scores.

    Raises:
        ValueError: as in ``kendall_tau``.
    """
    _check(scores, accuracies)
    ranks, true = mid_ranks(scores[None])[0], mid_ranks(accuracies[None])[0]
    spread = ranks.std() * true.std()
    if spread == 0:
        return float("nan")
    return float(((ranks - ranks.mean()) * (true - true.mean())).mean() / spread)


def precision_at_k(scores: Vector, accuracies: Vector, k: int) -> float:
    """Return which share of the k best-scored are among the k most accurate."""
    _check(scores, accuracies)
    return float(np.isin(best(scores, k), best(accuracies, k)).mean())


def regret_at_k(scores: Vector, accuracies: Vector, k: int) -> float:
    """Return the best accuracy of all less the best among the k best-scored, in percent points."""
    _check(scores, accuracies)
    return float(accuracies.max() - accuracies[best(scores, k)].max())


def rank_at_k(scores: Vector, accuracies: Vector, k: int) -> float:
    """Return the true rank (1 is best) of the most accurate among the k best-scored."""
    _check(scores, accuracies)
    return float((accuracies > accuracies[best(scores, k)].max()).sum() + 1)


def best(values: Vector, k: int) -> np.ndarray:
    """Return the rows of the k highest values, best first; of equal ones the earlier row."""
    return np.argsort(-values, kind="stable")[:k]


def bootstrap_interval(
    statistic: Callable[[Vector, Vector], float],
    scores: Vector,
    accuracies: Vector,
    *,
    resamples: int,
    level: float,
    generator: np.random.Generator,
) -> tuple[float, float]:
    """Return the percentile interval of a statistic over resampled architectures."""
    count = len(scores)
    drawn = generator.integers(count, size=(resamples, count))
    values = [statistic(scores[rows], accuracies[rows]) for rows in drawn]
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def measure(
    scores: Vector,
    accuracies: Vector,
    *,
    top_share: float,
    at: Sequence[int],
    resamples: int,
    level: float,
    generator: np.random.Generator,
) -> Iterator[Measure]:
    """Yield every measure of one vector of scores, over all and inside the truly best share."""
    top = best(accuracies, max(3, round(top_share * len(accuracies))))
    for subset, rows in (("all", np.arange(len(scores))), ("top", top)):
        part, true = scores[rows], accuracies[rows]
        for statistic in (kendall_tau, spearman_rho):
            low, high = bootstrap_interval(
                statistic, part, true, resamples=resamples, level=level, generator=generator
            )
            yield Measure(subset, statistic.__name__, statistic(part, true), low, high, len(rows))
    nothing = float("nan")
    for of_k in (precision_at_k, regret_at_k, rank_at_k):
        for k in at:
            name = of_k.__name__.replace("_k", f"_{k}")
            value = of_k(scores, accuracies, k)
            yield Measure("all", name, value, nothing, nothing, len(scores))


def measure_benchmark(
    target: Benchmark,
    scores: Vector,
    populations: Mapping[str, Int64[np.ndarray, " _"]],
    ranking: dict[str, Any],
) -> pd.DataFrame:
    """Return every measure of one method's scores as a tidy table.

    Columns: dataset, population, and the fields of ``Measure``. What has no score is left out, and
    so not counted among the architectures.

    Args:
        target: the benchmark.
        scores: one per architecture.
        populations: the rows that measures are taken over, by name.
        ranking: the config's section.
    """
    rows = []
    scored = np.isfinite(scores)
    settings = {key: ranking[key] for key in ("top_share", "at", "resamples", "level")}
    fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
    for dataset in ranking["datasets"]:
        accuracies = target.accuracy(dataset=dataset, **fidelity)
        for population, listed in populations.items():
            members = listed[scored[listed]]
            # The same resamples for every method, so that intervals compare.
            generator = np.random.default_rng(0)
            measures = measure(
                scores[members], accuracies[members], generator=generator, **settings
            )
            about = {"dataset": dataset, "population": population}
            rows += [about | asdict(one) for one in measures]
    return pd.DataFrame(rows)


def measure_epochs(
    target: Benchmark, scores: Float64[np.ndarray, "T N"], ranking: dict[str, Any]
) -> pd.DataFrame:
    """Return how the scores of each epoch of a training rank the target: for audit, not to choose.

    Columns: epoch, dataset, kendall_tau, spearman_rho.

    Args:
        target: the benchmark; its test labels are read.
        scores: a row for each epoch, the first epoch first.
        ranking: the config's section: datasets, split, epochs.
    """
    fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
    labels = {name: target.accuracy(dataset=name, **fidelity) for name in ranking["datasets"]}
    rows = [
        (epoch, name, kendall_tau(row, true), spearman_rho(row, true))
        for epoch, row in enumerate(scores, start=1)
        for name, true in labels.items()
    ]
    return pd.DataFrame(rows, columns=["epoch", "dataset", "kendall_tau", "spearman_rho"])


def _check(scores: Vector, accuracies: Vector, least: int = 2) -> None:
    if len(scores) != len(accuracies) or len(scores) < least:
        raise ValueError(
            f"{len(scores)} scores and {len(accuracies)} accuracies; each needs at least {least}"
        )
    for what, values in (("scores", scores), ("accuracies", accuracies)):
        bad = int((~np.isfinite(values)).sum())
        if bad:
            raise ValueError(f"{bad} of {len(values)} {what} are not finite")
