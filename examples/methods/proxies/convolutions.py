"""How many convolutions a cell has: a proxy of cells, to start one's own from."""

import numpy as np
from jaxtyping import Float64

from tgnas.cell import Cells
from tgnas.methods.card import Card
from tgnas.operators import CODES

CARD = Card(title="#convolutions", reference="an example of this repository", needs="nothing")
CONVOLUTIONS = [code for name, code in CODES.items() if name.startswith("conv_")]


def score(
    cells: Cells, *, space: str, dataset: str, generator: np.random.Generator
) -> Float64[np.ndarray, " N"]:
    """Return the number of convolutions of every cell; higher predicts better."""
    del space, dataset, generator  # of no influence
    return np.isin(cells.operators, CONVOLUTIONS).sum(axis=1).astype(float)
