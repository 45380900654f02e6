"""Which of two methods ranks better: differences of Kendall's tau on paired resamples.

Resampled taus come from ``ranking.bootstrap``, whose draws are the same for every method of a
population, so that they are subtracted draw by draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from tgnas.benchmarks.base import Benchmark
from tgnas.encodings.live import live_pattern, live_vertices
from tgnas.errors import CorruptTableError
from tgnas.evaluation.comparison import Subsets
from tgnas.evaluation.ranking import bootstrap, interval, kendall_tau

KEYS = ["dataset", "population"]


@dataclass(frozen=True, eq=False)
class Taus:
    """Kendall's tau of one method on one population.

    Attributes:
        of_seeds: of each seed.
        resampled: means over seeds of R resamples of live patterns and of seeds.
    """

    of_seeds: Float64[np.ndarray, " S"]
    resampled: Float64[np.ndarray, " R"]

    def row(self, level: float) -> dict[str, float]:
        """Return mean, standard deviation over seeds and the interval of the mean."""
        low, high = interval(self.resampled, level)
        spread = float(self.of_seeds.std(ddof=1)) if len(self.of_seeds) > 1 else float("nan")
        return {"mean": float(self.of_seeds.mean()), "std": spread, "low": low, "high": high}

    def less(self, other: "Taus", level: float) -> dict[str, float]:
        """Return the difference to another method's mean, with its interval."""
        low, high = interval(self.resampled - other.resampled, level)
        difference = float(self.of_seeds.mean() - other.of_seeds.mean())
        return {"difference": difference, "difference_low": low, "difference_high": high}


def taus_of(
    target: Benchmark,
    scores: Float64[np.ndarray, "S N"],
    subsets: Subsets,
    ranking: dict[str, Any],
) -> dict[tuple[str, str], Taus]:
    """Return a method's taus by data set and population.

    Args:
        target: the benchmark.
        scores: a row for each seed, all finite.
        subsets: the rows of each population.
        ranking: the config's section.
    """
    patterns = live_pattern(target.architectures).distinct()[1]
    taus = {}
    for dataset in ranking["datasets"]:
        fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
        accuracies = target.accuracy(dataset=dataset, **fidelity)
        for population, rows in subsets.items():
            part, true = scores[:, rows], accuracies[rows]
            clusters = np.unique(patterns[rows], return_inverse=True)[1]
            taus[dataset, population] = Taus(
                np.array([kendall_tau(values, true) for values in part]),
                bootstrap(part, true, clusters, ranking["resamples"]),
            )
    return taus


def connects_nothing(target: Benchmark) -> Bool[np.ndarray, " N"]:
    """Tell which architectures have a cell without a path from an input to the output."""
    members = target.architectures
    live = live_vertices(members.cells).any(axis=1)
    return np.logical_not(live.reshape(len(members), -1).all(axis=1))


def dead_last(
    scores: Float64[np.ndarray, "S N"], dead: Bool[np.ndarray, " N"]
) -> Float64[np.ndarray, "S N"]:
    """Return scores with one below all others for what connects nothing; no label is needed."""
    lowest = scores.min(axis=1, keepdims=True) - 1
    return np.where(dead, lowest, scores)


def differences(
    measures: pd.DataFrame,
    resampled: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    level: float,
) -> pd.DataFrame:
    """Return for each pair of methods how much higher the first's tau is than the second's.

    Columns: dataset, population, first, second, difference, low, high, architectures. A pair with
    a method that was not measured has no row; neither has a population of which the two methods
    scored different numbers of architectures.

    Args:
        measures: of all methods of a benchmark, as ``measure_ranking`` writes them.
        resampled: their resampled taus.
        pairs: first and second method of each difference.
        level: coverage of the intervals.

    Raises:
        CorruptTableError: the resamples of two methods are not of one number.
    """
    own = measures[(measures.name == "kendall_tau") & (measures.subset == "all")]
    groups = own.groupby(["method", *KEYS], sort=False)
    means, counts = groups.value.mean(), groups.architectures.agg(["min", "max"])
    draws = resampled[resampled.subset == "all"].sort_values("resample")
    taus = {key: part.kendall_tau.to_numpy() for key, part in draws.groupby(["method", *KEYS])}
    rows = []
    for dataset, population in own[KEYS].drop_duplicates().itertuples(index=False):
        for first, second in pairs:
            one, other = ((name, dataset, population) for name in (first, second))
            if one not in taus or other not in taus:
                continue
            if not (counts.loc[one] == counts.loc[other]).all():
                continue
            if len(taus[one]) != len(taus[other]):
                raise CorruptTableError(f"{first} and {second} have other numbers of resamples")
            low, high = interval(taus[one] - taus[other], level)
            about = (dataset, population, first, second, means[one] - means[other], low, high)
            rows.append((*about, int(counts.loc[one, "max"])))
    columns = [*KEYS, "first", "second", "difference", "low", "high", "architectures"]
    return pd.DataFrame(rows, columns=columns)
