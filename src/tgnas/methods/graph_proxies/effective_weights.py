"""The weights of the live operators, for each pair of channels: what the cell alone lets count.

It knows no network: a 3x3 convolution counts 9 and a 1x1 convolution 1 wherever it stands
(``operators.yaml``, a space's own operators as its file says). Where all operators of a network
have equally many channels it orders architectures as the effective parameters do.
"""

import numpy as np
from jaxtyping import Float64

from tgnas.costs.operators import attribute, attribute_table
from tgnas.encodings.live import live_vertices
from tgnas.methods.card import Card
from tgnas.operators import PADDING
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import in_space

CARD = Card(
    title="effective weights of the cell",
    reference="counted analytically, for each pair of channels",
    needs="nothing",
)


def score(
    architectures: Architectures, *, space: str, dataset: str, generator: np.random.Generator
) -> Float64[np.ndarray, " N"]:
    """Return the weights of live operators; an operator of which nothing is known has none."""
    del dataset, generator  # of no influence
    weights = attribute(attribute_table(in_space(architectures, space)), "weights").copy()
    weights[PADDING] = 0
    cells = architectures.cells
    counted = np.where(live_vertices(cells), weights[cells.operators], 0)
    return architectures.mean_over_cells(counted.sum(axis=1))
