"""Constraints on what an architecture may cost, and the rule by which every search heeds them."""

import re
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from tgnas.errors import ArgumentError, shown

Values = Float64[np.ndarray, " N"]
_TEXT = re.compile(r"\s*(.+?)\s*(<=|>=)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One cost that must be at most, or at least, a number.

    Attributes:
        cost: its name, e.g. "flops".
        at_most: whether the bound is the highest cost that is allowed, and not the lowest.
        bound: that number.
        unknown: the excess of a cost that is not known.
    """

    cost: str
    at_most: bool
    bound: float
    unknown: float = 10.0

    @classmethod
    def of(cls, text: str) -> "Constraint":
        """Return the constraint that a text such as ``params<=1.5e6`` says.

        Raises:
            ArgumentError: it says none.
        """
        match = _TEXT.fullmatch(text)
        try:
            bound = float(match[3]) if match else None
        except ValueError:
            bound = None
        if match is None or bound is None:
            raise ArgumentError(
                f"{shown(text)} is no constraint; write COST<=NUMBER or COST>=NUMBER, a number "
                "without a unit, such as 1.5e6"
            )
        return cls(match[1], match[2] == "<=", bound)

    @classmethod
    def of_share(cls, cost: str, values: Values, share: float) -> "Constraint":
        """Return the constraint on a cost that a share of all architectures keeps.

        A cost that is not known (NaN) breaks it by as much as the highest that is.
        """
        constraint = cls(cost, True, float(np.nanquantile(values, share)))
        [highest] = constraint.excess(np.nanmax(values, keepdims=True))
        return replace(constraint, unknown=float(highest) or constraint.unknown)

    def excess(self, values: Values) -> Values:
        """Return by which share of the bound each value breaks it; 0 where it is kept."""
        kept = values <= self.bound if self.at_most else values >= self.bound
        apart = np.abs(values / self.bound - 1 if self.bound else values)
        return np.where(np.isfinite(values), np.where(kept, 0.0, apart), self.unknown)

    def __str__(self) -> str:
        return f"{self.cost}{'<=' if self.at_most else '>='}{self.bound:g}"


def by_debs_rule(
    scores: Values, excess: Values, first: Float64[np.ndarray, " M"] | None = None
) -> Values:
    """Return scores under which what breaks a constraint is worse than all that keeps them.

    Deb's rule (Computer Methods in Applied Mechanics and Engineering 186, 2000): the score of what
    breaks one is the worst of all, less the violation; here the violation is the excess, in units
    of the range of the scores.

    Args:
        scores: of all architectures, or of one query of a search that does not know them all.
        excess: by which share of their bounds each breaks constraints; 0 keeps all.
        first: the scores of such a search's first query, whose worst and range count, so that an
            excess is worth the same in every query. What breaks a constraint is a range worse yet,
            for later queries find worse scores.
    """
    reference, margin = (scores, 0.0) if first is None else (first, 1.0)
    worst = min(reference.min(), scores.min()) - (np.ptp(reference) or 1.0) * (margin + excess)
    return np.where(excess > 0, worst, scores)
