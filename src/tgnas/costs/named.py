"""The costs of a space's architectures by their names: those that are counted, and others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tgnas.costs.constraints import Constraint, Values
from tgnas.costs.layers import count_flops, count_parameters
from tgnas.costs.uncounted import warn_of_uncounted
from tgnas.errors import UnknownNameError
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import GRAPH_LAYERS, ON_TOKENS
from tgnas.spaces.space import Space

Counter = Callable[[Architectures], Values]


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

    def constraints(self, texts: Sequence[str]) -> tuple[Constraint, ...]:
        """Return the constraints that texts say.

        Raises:
            ArgumentError: one says none.
            UnknownNameError: nothing is known of the cost of one.
        """
        constraints = tuple(map(Constraint.of, texts))
        for constraint in constraints:
            self.named(constraint.cost)
        return constraints

    def excess(self, constraints: Sequence[Constraint], architectures: Architectures) -> Values:
        """Return the sum of what each architecture breaks the constraints by; 0 keeps all."""
        total = np.zeros(len(architectures))
        for constraint in constraints:
            total += constraint.excess(self.of(constraint.cost, architectures))
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
