"""What operators are, as numbers that mean the same in every space and in every wording.

An operator is its weights for each pair of channels, whether it pools, and whether it reads more
than one pixel. One of which nothing is known but words is taken for the known operator whose
sentence vector is most like its own.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from tgnas.encodings.embeddings import KnownOperators
from tgnas.operators import ATTRIBUTES, CODES, COUNTED, NAMES, VOCABULARY

CODED = 256
CHANNELS = 32  # of a cell, where weights for each channel count beside those for each pair
_PLACE = {name: place for place, name in enumerate(ATTRIBUTES)}
_TAKEN = [c for c, o in enumerate(VOCABULARY) if o.kind in ("compute", "pool")]


@dataclass(frozen=True, eq=False)
class Meanings:
    """What each operator code is taken for.

    Attributes:
        taken_for: the vocabulary's operator that stands for a code; itself where the attributes of
            an operator are known.
        similarity: cosine of the sentence vectors of the two; 1 where the attributes are known.
        weights: weights for each pair of channels.
        pools: whether it pools.
        spatial: whether it reads more than one pixel.
    """

    taken_for: Int64[np.ndarray, " O"]
    similarity: Float64[np.ndarray, " O"]
    weights: Float64[np.ndarray, " O"]
    pools: Bool[np.ndarray, " O"]
    spatial: Bool[np.ndarray, " O"]

    @property
    def features(self) -> Float32[np.ndarray, "256 5"]:
        """What a graph network reads of every code; zeros of codes that are no operator."""
        table = np.zeros((CODED, 5), dtype=np.float32)
        known = len(self.weights)
        table[:known, 0] = np.log1p(self.weights) / np.log(10)
        table[:known, 1], table[:known, 2] = self.pools, self.spatial
        table[CODES["input"], 3] = table[CODES["output"], 4] = 1
        return table


def meanings_of(operators: KnownOperators) -> Meanings:
    """Return what the vocabulary's and the new operators are."""
    attributes = operators.attributes.astype(np.float64)
    count = len(attributes)
    taken_for, similarity = np.arange(count), np.ones(count)
    described = (attributes[:, [_PLACE[name] for name in COUNTED]] != 0).any(axis=1)
    wordless = [c for c in range(len(NAMES), count) if not described[c]]
    if wordless:
        unit = operators.vectors / np.linalg.norm(operators.vectors, axis=1, keepdims=True)
        cosines = unit[wordless] @ unit[_TAKEN].T
        nearest = cosines.argmax(axis=1)
        taken_for[wordless] = np.array(_TAKEN)[nearest]
        similarity[wordless] = cosines.max(axis=1)
    of = {name: attributes[taken_for, place] for name, place in _PLACE.items()}
    weights = of["weights"] + of["channel_weights"] / CHANNELS
    return Meanings(taken_for, similarity, weights, of["pooling"] > 0, of["reach"] > 0)
