"""What an architecture costs, and what a user allows: limits on parameters, FLOPs and others."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from tgnas.costs.layers import count_flops, count_parameters
from tgnas.costs.uncounted import warn_of_uncounted
from tgnas.errors import ArgumentError, UnknownNameError, shown
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import GRAPH_LAYERS, ON_TOKENS
from tgnas.spaces.space import Space

Values = Float64[np.ndarray, " N"]
Counter = Callable[[Architectures], Values]
UNKNOWN = 10.0  # the relative excess of a cost that is not known
_LIMIT = re.compile(r"\s*(.+?)\s*(<=|>=)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*")


@dataclass(frozen=True, slots=True)
class Limit:
    """One cost that must be at most, or at least, a number."""

    cost: str
    at_most: bool
    bound: float

    @classmethod
    def of(cls, text: str) -> "Limit":
        """Return the limit that a text such as ``params<=1.5e6`` says.

        Raises:
            ArgumentError: it says none.
        """
        match = _LIMIT.fullmatch(text)
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

    def excess(self, values: Values) -> Values:
        """Return by which share of the bound each value breaks it; 0 where it is kept."""
        broken = values - self.bound if self.at_most else self.bound - values
        relative = np.maximum(broken, 0) / (abs(self.bound) or 1.0)
        return np.where(np.isfinite(values), relative, UNKNOWN)

    def __str__(self) -> str:
        return f"{self.cost}{'<=' if self.at_most else '>='}{self.bound:g}"


@dataclass(frozen=True, eq=False)
class Costs:
    """What is known of the costs of a space's architectures, by name."""

    space: Space
    counters: Mapping[str, Counter]

    def of(self, name: str, architectures: Architectures) -> Values:
        """Return one cost of each architecture; NaN where a table does not list it.

        Raises:
            UnknownNameError: nothing is known of it.
        """
        return self.counters[self.named(name)](architectures)

    def named(self, name: str) -> str:
        """Return the name under which a cost is known; errors as in ``of``."""
        kind, _, device = name.partition(":")
        spelled = next((n for n in (name, f"{device}_{kind}") if n in self.counters), None)
        if spelled is None:
            about = f"cost of {self.space.name} (give a table of it by --costs)"
            raise UnknownNameError(about, name, self.counters)
        return spelled

    def kept(self, limits: Sequence[Limit], architectures: Architectures) -> Values:
        """Return the sum of what each architecture breaks the limits by; 0 keeps all."""
        total = np.zeros(len(architectures))
        for limit in limits:
            total += limit.excess(self.of(limit.cost, architectures))
        return total


def counted(space: Space) -> dict[str, Counter]:
    """Return the costs that are counted for a space: none of networks on graphs."""
    if space.skeleton.form == GRAPH_LAYERS:
        return {}

    def params(architectures: Architectures) -> Values:
        warn_of_uncounted(space)
        return np.asarray(count_parameters(architectures), dtype=np.float64)

    if space.skeleton.form in ON_TOKENS:
        return {"params": params}

    def flops(architectures: Architectures) -> Values:
        warn_of_uncounted(space)
        return count_flops(architectures)

    return {"params": params, "flops": flops}
