"""How well scores rank architectures: correlations with intervals, precision, regret, true rank.

Scores and accuracies are vectors of shape (N,), higher is better in both, and no sign is hidden.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy  # which imports scipy.stats, a second of work, when it is first needed
from jaxtyping import Float64, Int64, Integer, Shaped

from tgnas.benchmarks.base import Benchmark
from tgnas.encodings.live import live_pattern
from tgnas.errors import are, number_of
from tgnas.training.ranks import mid_ranks

Vector = Float64[np.ndarray, " N"]
LEAST_TOP = 30  # a tau of fewer architectures says nothing


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
    return _tau(scores, accuracies)


def _tau(scores: np.ndarray, accuracies: np.ndarray) -> float:
    return float(scipy.stats.kendalltau(scores, accuracies, method="asymptotic").statistic)


def top_tau(scores: Vector, accuracies: Vector, share: float) -> float:
    """Return Kendall's tau inside the truly best share; NaN where these are too few to rank.

    Raises:
        ValueError: as in ``kendall_tau``.
    """
    _check(scores, accuracies)
    rows = truly_best(accuracies, share)
    return kendall_tau(scores[rows], accuracies[rows]) if len(rows) else float("nan")


def truly_best(accuracies: Vector, share: float) -> Int64[np.ndarray, " _"]:
    """Return the rows of the truly best share, in order; none of fewer than ``LEAST_TOP``."""
    count = round(share * len(accuracies))
    return np.sort(best(accuracies, count if count >= LEAST_TOP else 0))


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


def resampled_rows(
    clusters: Integer[np.ndarray, " N"], resamples: int, generator: np.random.Generator
) -> Iterator[Int64[np.ndarray, " _"]]:
    """Yield the rows of each resample: whole clusters, drawn with replacement.

    Architectures of one live pattern are one function with several trainings, so they are drawn
    together: alone, each would count as evidence of its own.

    Args:
        clusters: the cluster of each row, 0, 1, ...
        resamples: how many there are.
        generator: draws them.
    """
    rows, count = np.arange(len(clusters)), int(clusters.max()) + 1
    for drawn in generator.integers(count, size=(resamples, count)):
        yield np.repeat(rows, np.bincount(drawn, minlength=count)[clusters])


def bootstrap(
    scores: Float64[np.ndarray, "S N"],
    accuracies: Vector,
    clusters: Integer[np.ndarray, " N"],
    resamples: int,
) -> Float64[np.ndarray, " R"]:
    """Return Kendall's tau of R resamples of clusters and of seeds: each the mean over S seeds.

    Resamples depend on the clusters and on the number of seeds alone, so that those of two methods
    are paired. Scores of a seed that are NaN are left out. (Repeated rows are tied in both vectors,
    and tau-b leaves such pairs out.)
    """
    draws = resampled_rows(clusters, resamples, np.random.default_rng(0))
    true, ranks, scored = _dense(accuracies), [_dense(row) for row in scores], np.isfinite(scores)
    # Rows in the order of accuracies, then scores, are sorted once and not with every resample.
    orders = [np.lexsort((values, true)) for values in ranks]

    def taus_of(rows: Int64[np.ndarray, " _"]) -> list[float]:
        times = np.bincount(rows, minlength=len(true))
        taus = []
        for values, order, of in zip(ranks, orders, scored, strict=True):
            drawn = np.repeat(order, (times * of)[order])
            taus.append(_tau(values[drawn], true[drawn]))
        return taus

    taus = np.array([taus_of(rows) for rows in draws])
    seeds = np.random.default_rng(1).integers(len(scores), size=taus.shape)
    return np.take_along_axis(taus, seeds, axis=1).mean(axis=1)


def interval(values: Float64[np.ndarray, " R"], level: float) -> tuple[float, float]:
    """Return the percentile interval of resampled values."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _dense(values: Shaped[np.ndarray, " N"]) -> Integer[np.ndarray, " N"]:
    """Return the places of values among the different ones: they rank alike and sort faster."""
    different, places = np.unique(values, return_inverse=True)
    return places.astype(np.uint16 if len(different) <= 2**16 else np.int64)


def measure(
    scores: Float64[np.ndarray, "S N"],
    accuracies: Vector,
    clusters: Integer[np.ndarray, " N"],
    *,
    top_share: float,
    at: Sequence[int],
    resamples: int,
    level: float,
) -> tuple[list[list[Measure]], dict[str, Float64[np.ndarray, " R"]]]:
    """Return every measure of each seed's scores, and the resampled taus of each subset.

    Subsets are all architectures and the truly best share, where that is at least ``LEAST_TOP``.
    An interval is of the mean over seeds, and so the same for every seed. What a seed has no score
    of is left out, and so not counted among the architectures.
    """
    subsets = {"all": np.arange(len(accuracies))}
    if len(top := truly_best(accuracies, top_share)):
        subsets["top"] = top
    measures: list[list[Measure]] = [[] for _ in scores]
    resampled, nothing = {}, (float("nan"), float("nan"))
    for subset, rows in subsets.items():
        part, true = scores[:, rows], accuracies[rows]
        resampled[subset] = bootstrap(part, true, _dense(clusters[rows]), resamples)
        ends = interval(resampled[subset], level)
        for own, values in zip(measures, part, strict=True):
            of = np.isfinite(values)
            pair, size = (values[of], true[of]), int(of.sum())
            own.append(Measure(subset, "kendall_tau", kendall_tau(*pair), *ends, size))
            own.append(Measure(subset, "spearman_rho", spearman_rho(*pair), *nothing, size))
    for own, values in zip(measures, scores, strict=True):
        of = np.isfinite(values)
        for of_k in (precision_at_k, regret_at_k, rank_at_k):
            for k in at:
                name = of_k.__name__.replace("_k", f"_{k}")
                value = of_k(values[of], accuracies[of], k)
                own.append(Measure("all", name, value, *nothing, int(of.sum())))
    return measures, resampled


def measure_benchmark(
    target: Benchmark,
    scores: Float64[np.ndarray, "S N"],
    populations: Mapping[str, Int64[np.ndarray, " _"]],
    ranking: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every measure of one method's scores, and its resampled taus, as tidy tables.

    Columns of both: dataset, population, subset; of the first: seed and the fields of ``Measure``,
    of the second: resample, kendall_tau.

    Args:
        target: the benchmark.
        scores: a row for each seed.
        populations: the rows that measures are taken over, by name.
        ranking: the config's section.
    """
    rows, taus = [], []
    scored = np.isfinite(scores).any(axis=0)
    patterns = live_pattern(target.architectures).distinct()[1]
    settings = {key: ranking[key] for key in ("top_share", "at", "resamples", "level")}
    fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
    for dataset in ranking["datasets"]:
        accuracies = target.accuracy(dataset=dataset, **fidelity)
        for population, listed in populations.items():
            members = listed[scored[listed]]
            of_seeds, resampled = measure(
                scores[:, members], accuracies[members], patterns[members], **settings
            )
            about = {"dataset": dataset, "population": population}
            for seed, measures in enumerate(of_seeds):
                rows += [{"seed": seed} | about | asdict(one) for one in measures]
            for subset, values in resampled.items():
                frame = pd.DataFrame({"resample": np.arange(len(values)), "kendall_tau": values})
                taus.append(frame.assign(**about, subset=subset))
    return pd.DataFrame(rows), pd.concat(taus, ignore_index=True)


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
            f"{number_of(len(scores), 'score')} and {number_of(len(accuracies), 'accuracy')}; "
            f"each needs at least {least}"
        )
    for what, values in (("score", scores), ("accuracy", accuracies)):
        bad = int((~np.isfinite(values)).sum())
        if bad:
            of = number_of(len(values), what)
            raise ValueError(f"{bad:,} of {of} {are(bad)} not finite")
