"""A search space cut to listed architectures, which bear what is known of them without a label.

Searchers that query few labels score all candidates in every round, so features and zero-shot
scores are worked out once for each and travel with it. What is drawn or mutated is listed: where
the space can be walked on and is listed whole, one step leads to a neighbour; elsewhere to one of
the listed architectures whose features are nearest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np
from jaxtyping import Float, Int64

from tgnas.methods.zero_shot import bare
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.forms.base import Choices
from tgnas.spaces.space import Space

NEAREST = 16  # listed architectures that are one step away


@dataclass(frozen=True, eq=False)
class Pool(Space):
    """Listed architectures of a space.

    Attributes:
        listed: N architectures, all different, with attributes.
    """

    listed: Architectures = field(kw_only=True)
    _row_of: dict[bytes, int] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, space: Space, listed: Architectures) -> "Pool":
        """Return the listed architectures of a space."""
        about = space.name, space.description, space.form, space.new
        return cls(*about, space.network, space.options, listed=listed)

    @property
    def choices(self) -> tuple[tuple[str, ...], ...]:
        """What may stand at each decision, where all combinations are listed; else none."""
        options = super().choices
        return options if options and prod(map(len, options)) == len(self.listed) else ()

    def enumerate(self) -> Architectures:
        """Return all listed architectures."""
        return self.listed

    def format(self, architectures: Architectures) -> list[str]:
        """Return architectures as the space's own strings."""
        return super().format(bare(architectures))

    def sample(self, count: int, generator: np.random.Generator) -> Architectures:
        """Return listed architectures, all different as long as there are enough."""
        again = count > len(self.listed)
        return self.listed[generator.choice(len(self.listed), count, replace=again)]

    def of_choices(self, rows: Choices | Sequence[Sequence[int]]) -> Architectures:
        """Return architectures of rows of choices, which must be listed."""
        return self.listed[self.rows_of(super().of_choices(rows))]

    def rows_of(self, architectures: Architectures) -> Int64[np.ndarray, " N"]:
        """Return the place of each in the list; -1 where it is not listed."""
        if not self._row_of:
            keys = bare(self.listed).row_keys()
            self._row_of.update(zip(keys, range(len(keys)), strict=True))
        cells, some = architectures.cells, bare(architectures)
        if cells.vertices != self.listed.cells.vertices:
            some = replace(some, cells=cells.padded(self.listed.cells.vertices))
        keys = some.row_keys()
        return np.array([self._row_of.get(key, -1) for key in keys], dtype=np.int64)

    def choices_of(self, architectures: Architectures) -> Int64[np.ndarray, "N D"]:
        """Return the decisions behind architectures."""
        return super().choices_of(bare(architectures))

    def mutate(self, architectures: Architectures, generator: np.random.Generator) -> Architectures:
        """Return a listed architecture one step away from each."""
        if self.choices:
            stepped = super().mutate(bare(architectures), generator)
            return self.listed[self.rows_of(stepped)]
        rows = self.rows_of(architectures)
        steps = generator.integers(1, NEAREST + 1, size=len(rows))
        return self.listed[self._nearest(rows)[np.arange(len(rows)), steps - 1]]

    def neighbours(self, architectures: Architectures) -> Architectures:
        """Return all listed architectures one step away from one."""
        if self.choices:
            return self.listed[self.rows_of(super().neighbours(bare(architectures)))]
        return self.listed[self._nearest(self.rows_of(architectures))[0]]

    def _nearest(self, rows: Int64[np.ndarray, " M"]) -> Int64[np.ndarray, "M K"]:
        """Return the listed ones whose features are nearest to those of some, without themselves.

        Features are those of the canonical graph and the numbers of their own, as
        ``methods.few_labels`` scales them.
        """
        scaled: Float[np.ndarray, "N F"] = self.listed.attributes["scaled_graph"]
        squares = (scaled**2).sum(axis=1)
        distance = squares - 2 * scaled[rows] @ scaled.T
        distance[np.arange(len(rows)), rows] = np.inf
        count = min(NEAREST, len(self.listed) - 1)
        near = np.argpartition(distance, count - 1, axis=1)[:, :count]
        return np.resize(near, (len(rows), NEAREST)) if count < NEAREST else near
