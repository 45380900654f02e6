"""Whether canonical graphs are one but for the order of their vertices."""

import numpy as np
from jaxtyping import Int64, UInt64

from tgnas.encodings.canonical import OperatorGraphs
from tgnas.operators import PADDING

_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def canonical_hashes(graphs: OperatorGraphs) -> UInt64[np.ndarray, " N"]:
    """Return a hash of each graph that no order of its vertices changes.

    Weisfeiler and Lehman's refinement with in- and out-neighbours apart, as many rounds as there
    are vertices (the scheme of NAS-Bench-101's module hash, with 64-bit mixing for md5).
    """
    edges = graphs.edges.astype(np.uint64)
    there = graphs.operators != PADDING
    state = _mixed(graphs.operators.astype(np.uint64))
    for _ in range(graphs.operators.shape[1]):
        into = (edges * _mixed(state ^ np.uint64(1))[:, :, None]).sum(axis=1)
        out = (edges * _mixed(state ^ np.uint64(2))[:, None, :]).sum(axis=2)
        state = _mixed(state + _FACTOR * _mixed(into) + _mixed(_mixed(out)))
    return _mixed(np.where(there, state, np.uint64(0)).sum(axis=1))


def _mixed(values: UInt64[np.ndarray, "..."]) -> UInt64[np.ndarray, "..."]:
    """Return well-mixed 64-bit numbers (splitmix64, Steele et al., OOPSLA 2014)."""
    values = values + _FACTOR
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def first_of_each_class(graphs: OperatorGraphs) -> Int64[np.ndarray, " C"]:
    """Return the rows of the first graph of each isomorphism class, ascending."""
    return np.sort(np.unique(canonical_hashes(graphs), return_index=True)[1])
