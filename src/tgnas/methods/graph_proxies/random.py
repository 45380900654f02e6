"""A score drawn at random: what no information at all gives."""

import numpy as np
from jaxtyping import Float64

from tgnas.cell import Cells
from tgnas.methods.card import Card

CARD = Card(title="random score", reference="uniform on [0, 1)", needs="nothing")


def score(
    cells: Cells, *, space: str, dataset: str, generator: np.random.Generator
) -> Float64[np.ndarray, " N"]:
    """Return one uniform number for every architecture."""
    del space, dataset  # of no influence
    return generator.random(len(cells))
