"""A predictor of other spaces, as learning from few labels of a space starts from it.

What it says of an architecture costs more than what is learned from a few labels, so it is said
once: ``attached`` returns architectures that bear it as attributes, which slices keep.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from jaxtyping import Float, Float64

from tgnas.encodings import graph_features
from tgnas.errors import ConfigError
from tgnas.methods.contracts import Predictor
from tgnas.methods.light_contracts import ZeroShot
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.columns import Name

SCORE, EMBEDDING = "zero_shot", "embedding"
CHUNK = 8192
_OWN = get_args(Name)


@dataclass(frozen=True, eq=False)
class Start:
    """The members of an ensemble, none of which has seen a label of the space.

    Attributes:
        members: one predictor for each seed.
        scores_of: the scores of all members.
        channels_of: their last hidden channels; None where the method has none to give.
    """

    members: tuple[Predictor, ...]
    scores_of: Callable[[Sequence[Predictor], Architectures], Float64[np.ndarray, "S N"]]
    channels_of: Callable[[Sequence[Predictor], Architectures], np.ndarray] | None = None

    @property
    def embeds(self) -> bool:
        """Tell whether the method has channels to give."""
        return self.channels_of is not None

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the mean score of the members."""
        if SCORE in architectures.attributes:
            return architectures.attributes[SCORE]
        parts = [self.scores_of(self.members, part).mean(axis=0) for part in _cut(architectures)]
        return np.concatenate([np.empty(0), *parts])

    def embed(self, architectures: Architectures) -> Float[np.ndarray, "N D"]:
        """Return the members' last hidden channels.

        Raises:
            ConfigError: the method has none to give.
        """
        if EMBEDDING in architectures.attributes:
            return architectures.attributes[EMBEDDING]
        if self.channels_of is None:
            raise ConfigError("the predictor to start from has no embedding")
        parts = [self.channels_of(self.members, part) for part in _cut(architectures)]
        return np.concatenate(parts)


def attached(
    architectures: Architectures, start: ZeroShot | None = None, operators: int = 0
) -> Architectures:
    """Return architectures that bear graph features and what a start says of them.

    Args:
        architectures: of any space.
        start: the predictor to start from, if there is one.
        operators: how many operators' codes are known.
    """
    known = {graph_features.ATTRIBUTE: graph_features.graph_features(architectures, operators)}
    if start is not None:
        known[SCORE] = start.score(architectures)
        if start.embeds:
            known[EMBEDDING] = start.embed(architectures).astype(np.float32)
    return replace(architectures, attributes=dict(architectures.attributes) | known)


def bare(architectures: Architectures) -> Architectures:
    """Return architectures without what was attached, as spaces write and look them up.

    Numbers of their own (``spaces.columns``), and the network around the cells, stay.
    """
    own = {name: values for name, values in architectures.attributes.items() if name in _OWN}
    return replace(architectures, attributes=own)


def own_numbers(architectures: Architectures) -> Float64[np.ndarray, "N C"]:
    """Return the logarithms of the numbers that architectures have of their own, if any."""
    logs = [np.log(architectures.attributes[n]) for n in _OWN if n in architectures.attributes]
    return np.column_stack([np.empty((len(architectures), 0)), *logs])


def _cut(architectures: Architectures) -> list[Architectures]:
    starts = range(0, max(1, len(architectures)), CHUNK)
    return [architectures[start : start + CHUNK] for start in starts]
