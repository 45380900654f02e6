"""How many convolutions an architecture has: a graph proxy, to start one's own from."""

import numpy as np
from jaxtyping import Float64

from tgnas.methods.card import Card
from tgnas.operators import CODES
from tgnas.spaces.architectures import Architectures

CARD = Card(title="#convolutions", reference="an example of this repository", needs="nothing")
CONVOLUTIONS = [code for name, code in CODES.items() if name.startswith("conv_")]


def score(
    architectures: Architectures, *, space: str, dataset: str, generator: np.random.Generator
) -> Float64[np.ndarray, " N"]:
    """Return the number of convolutions in a cell of each; higher predicts better."""
    del space, dataset, generator  # of no influence
    of_cells = np.isin(architectures.cells.operators, CONVOLUTIONS).sum(axis=1)
    return architectures.mean_over_cells(of_cells.astype(float))
