"""Topology: a guess at what a score of the cell's graph alone is worth; not SED itself.

"Zero-Shot NAS via the Suppression of Local Entropy Decrease" (SED, arXiv 2411.06236) scores
architectures by their topology, without weights or data; its formula is not known here. This
reconstruction was fixed before any accuracy was looked at. For the live part of a cell
(``encodings.live``) it adds, each with the weight 1:

- log(1 + paths from an input to the output),
- log(1 + operators with weights),
- log(1 + the most operators with weights on one path),
- minus log(1 + pools).

Higher predicts better. The logarithm is taken once, of the quotient of whole numbers, so that equal
scores are equal to the bit: NAS-Bench-201 has 62 different ones. (A sum of four logarithms has 77,
and rounding noise orders what is tied.)
"""

import numpy as np
from jaxtyping import Float64

from tgnas.cell import Cells
from tgnas.costs.operators import attribute, attribute_table
from tgnas.encodings.live import live_vertices
from tgnas.methods.card import NetworkCard
from tgnas.operators import NAMES, VOCABULARY
from tgnas.spaces.architectures import Architectures

CARD = NetworkCard(
    title="topology (reconstruction)",
    reference="after SED, arXiv 2411.06236, whose formula is not known here",
    needs="nothing",
    cost="counting",
    certain=False,
    deviations=("a reconstruction whose terms and weights, all 1, were fixed beforehand",),
)
DECIMALS = 12  # a weighted mean of several cells' scores has rounding noise behind them
_KINDS = {operator.name: operator.kind for operator in VOCABULARY}


def score(
    architectures: Architectures, *, space: str, dataset: str, generator: np.random.Generator
) -> Float64[np.ndarray, " N"]:
    """Return the score of N architectures: the mean of their cells', weighted."""
    del space, dataset, generator  # of no influence
    # What the vocabulary does not have computes something, or pools.
    pools = attribute(attribute_table(architectures), "pooling") > 0
    kinds = np.where(pools, "pool", "compute")
    kinds[: len(NAMES)] = [_KINDS[name] for name in NAMES]
    scores = architectures.mean_over_cells(_of_cells(architectures.cells, kinds))
    return np.round(scores, DECIMALS)


def _of_cells(cells: Cells, kinds: np.ndarray) -> Float64[np.ndarray, " cells"]:
    """Return the score of each cell, whose operators are of these kinds, by code."""
    live, adjacency = live_vertices(cells), cells.adjacency()
    kind = np.where(live, kinds[cells.operators], "")
    computes, pools = kind == "compute", kind == "pool"
    paths, depth = (kind == "input").astype(float), np.zeros(live.shape)
    for vertex in range(1, cells.vertices):
        heard = adjacency[:, :, vertex] & live
        paths[:, vertex] += np.where(live[:, vertex], (paths * heard).sum(axis=1), 0)
        depth[:, vertex] = np.where(heard, depth, 0).max(axis=1) + computes[:, vertex]
    row, last = np.arange(len(cells)), cells.sizes - 1
    through, deep = paths[row, last], np.where(live[row, last], depth[row, last], 0)
    gains = (1 + through) * (1 + computes.sum(axis=1)) * (1 + deep)
    return np.log(gains / (1 + pools.sum(axis=1)))
