"""Constraints on what an architecture may cost, and how a search heeds them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float64

from tgnas.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Constraint:
    """At most so much of one cost.

    Attributes:
        cost: its name, e.g. "flops".
        values: of every listed architecture; NaN is unknown, and too much.
        share: the bound is what that share of all listed architectures keeps.
    """

    cost: str
    values: Float64[np.ndarray, " N"]
    share: float

    @property
    def bound(self) -> float:
        """The highest cost that is allowed."""
        return float(np.nanquantile(self.values, self.share))

    def applied(self, scores: Float64[np.ndarray, " N"]) -> Float64[np.ndarray, " N"]:
        """Return the scores of all listed architectures by Deb's rule."""
        return deb(scores, self.values, self.bound)


def deb(
    scores: Float64[np.ndarray, " N"], costs: Float64[np.ndarray, " N"], bound: float
) -> Float64[np.ndarray, " N"]:
    """Return scores under which what costs more than `bound` is worse than all that does not.

    Deb's rule (Computer Methods in Applied Mechanics and Engineering 186, 2000): the score of what
    is too costly is the worst of all, less the violation; here the violation is the relative
    excess, in units of the range of the scores. An unknown cost (NaN) is too high.

    Raises:
        ConfigError: nothing costs so little.
    """
    if not (costs <= bound).any():
        raise ConfigError(
            f"no architecture costs {bound:g} or less; the least is {np.nanmin(costs):g}"
        )
    excess = np.nan_to_num(costs, nan=np.nanmax(costs)) / bound - 1
    worst = scores.min() - (np.ptp(scores) or 1.0) * excess
    return np.where(costs <= bound, scores, worst)


def constraints_of(
    costs: pd.DataFrame, *, names: Sequence[str], shares: Sequence[float]
) -> list[Constraint]:
    """Return a constraint for each cost and share; a column of the table for each cost."""
    values = {name: costs[name].to_numpy(dtype=np.float64) for name in names}
    return [Constraint(name, values[name], share) for name in names for share in shares]
