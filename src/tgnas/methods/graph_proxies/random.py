"""A score drawn at random: what no information at all gives."""

import numpy as np
from jaxtyping import Float64

from tgnas.methods.card import Card
from tgnas.spaces.architectures import Architectures

CARD = Card(title="random score", reference="uniform on [0, 1)", needs="nothing")


def score(
    architectures: Architectures, *, space: str, dataset: str, generator: np.random.Generator
) -> Float64[np.ndarray, " N"]:
    """Return one uniform number for every architecture."""
    del space, dataset  # of no influence
    # Of several cells an architecture's score is the mean, as it is for every other proxy.
    return architectures.mean_over_cells(generator.random(len(architectures.cells)))
