"""Counts of a canonical graph, as one row of numbers: what predictors of few labels read.

Of each cell stand, with O operators (those that a canonical graph can hold, new ones last): how
often each occurs; its share of the paths from input to output; ordered pairs of operators along one
edge and along two edges in a row (path encodings as in White et al., AAAI 2021, cut to three
operators, but counted); and how many paths of each length there are. Roots are taken, so that a
repeated part weighs less than a new one. Cells stand side by side.
"""

import numpy as np
from jaxtyping import Float32, Float64, Int64

from tgnas.encodings.canonical import OperatorGraphs, canonicalise
from tgnas.operators import CODES, NAMES, PADDING
from tgnas.spaces.architectures import Architectures

LENGTHS = 12  # the last stands for all longer paths
ATTRIBUTE = "graph_features"
_CHUNK = 1 << 13  # cells that are worked on at once
_KEPT = [code for name, code in CODES.items() if name not in ("zero", "identity")]


def graph_features(architectures: Architectures, operators: int = 0) -> Float32[np.ndarray, "N F"]:
    """Return the features of N architectures; those that they bear as an attribute are taken.

    Args:
        architectures: of any space.
        operators: how many codes are known, new operators among them; at least the vocabulary.
    """
    if ATTRIBUTE in architectures.attributes:
        return architectures.attributes[ATTRIBUTE]
    place = _places(max(operators, len(NAMES)))
    cells = architectures.cells
    starts = range(0, len(cells), _CHUNK)
    parts = [_of_graphs(canonicalise(cells[s : s + _CHUNK]), place) for s in starts]
    rows = np.concatenate([np.empty((0, _width(place)), dtype=np.float32), *parts])
    return rows.reshape(len(architectures), -1)


def _places(operators: int) -> Int64[np.ndarray, " 256"]:
    """Return the place of each code among those that stand in canonical graphs; -1 elsewhere."""
    place = np.full(256, -1, dtype=np.int64)
    kept = [*_KEPT, *range(len(NAMES), operators)]
    place[kept] = np.arange(len(kept))
    return place


def _width(place: Int64[np.ndarray, " 256"]) -> int:
    size = int(place.max()) + 1
    return 2 * size + 2 * size**2 + LENGTHS + 4


def _of_graphs(
    graphs: OperatorGraphs, place: Int64[np.ndarray, " 256"]
) -> Float32[np.ndarray, "N F"]:
    size = int(place.max()) + 1
    edges = graphs.edges.astype(np.float64)
    there = graphs.operators != PADDING
    spot = np.where(there, place[graphs.operators], 0)
    counts = _summed(spot, there.astype(np.float64), size)
    lengths, share = _paths(graphs, edges)
    shares = _summed(spot, share, size)
    codes = spot[:, :, None] * size + spot[:, None, :]
    one = _summed(codes, np.minimum(edges, 4), size**2)
    two = _summed(codes, np.minimum(edges @ edges, 16), size**2)
    total = lengths.sum(axis=1)
    known = np.maximum(total, 1)[:, None]
    longest = np.where(lengths > 0, np.arange(1, LENGTHS + 1), 0).max(axis=1)
    scalars = [np.log1p(total), there.sum(axis=1), np.minimum(edges, 1).sum(axis=(1, 2)), longest]
    rooted = [np.sqrt(part) for part in (counts, shares, one, two, lengths / known)]
    return np.concatenate([*rooted, np.stack(scalars, axis=1)], axis=1).astype(np.float32)


def _summed(
    places: Int64[np.ndarray, "..."], weights: Float64[np.ndarray, "..."], size: int
) -> Float64[np.ndarray, "N size"]:
    """Return for each row the sum of the weights at each place."""
    rows, *where = np.nonzero(weights)
    key = rows * size + places[rows, *where]
    flat = np.bincount(key, weights[rows, *where], minlength=len(places) * size)
    return flat.reshape(len(places), size)


def _paths(
    graphs: OperatorGraphs, edges: Float64[np.ndarray, "N V V"]
) -> tuple[Float64[np.ndarray, "N L"], Float64[np.ndarray, "N V"]]:
    """Return how many paths have each number of edges, and the share of them through a vertex."""
    source = (graphs.operators == CODES["input"]).astype(np.float64)
    target = (graphs.operators == CODES["output"]).astype(np.float64)
    into, out = source.copy(), target.copy()
    vertices = edges.shape[1]
    for vertex in range(vertices):
        into[:, vertex] += (into[:, :vertex] * edges[:, :vertex, vertex]).sum(axis=1)
    for vertex in range(vertices - 1, -1, -1):
        out[:, vertex] += (edges[:, vertex, vertex + 1 :] * out[:, vertex + 1 :]).sum(axis=1)
    lengths = np.zeros((len(edges), LENGTHS))
    reached = source
    for length in range(vertices - 1):
        reached = np.einsum("nv,nvw->nw", reached, edges)
        lengths[:, min(length, LENGTHS - 1)] += (reached * target).sum(axis=1)
    total = np.maximum((into * target).sum(axis=1), 1)
    return lengths, into * out / total[:, None]
