"""The pruning that the TG-NAS authors released, with its error: its scores decide nothing.

A variant for the audit, not a searcher; test_released_pruning.py runs it. Known, for it was read in
``prune_tenas_gnn_darts.py`` of YeQiao/TG-NAS at 4b6bb28b:

* the first operator, ``none``, is gone before the first step;
* in every step each deletion of one operator is scored and ranked, but the list of pairs (place,
  rank) is then sorted by its first item, the place, where the second was meant; each edge loses
  its first pair, which is its first remaining operator;
* when one operator is left on every edge, the edges that enter a node are sorted in the same way,
  and all but the last two go;
* a partial architecture is scored as the genotype that it decodes to: for each node the two edges
  of the highest softmax weight, on each the operator of the highest weight, the first of equals; of
  the 14 edges' equal weights only a deletion makes one edge stand out;
* the reduction cell takes no part in the score, and is pruned by the same lines.

So whatever the scores are, the last operator of the list survives, on the last two edges of every
node. Guessed: nothing that this outcome depends on. Ours differs where it does not matter: the
release ranks relative changes, rounded to three digits, and both cells in one list. It has no
pruning of NAS-Bench-201 that runs, for its partial architecture of that space gives no genotype of
the form that the same script asks for; so this variant has none either.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool

from tgnas.spaces.darts import SPACE, Pairs

# The authors' list without `none`: that of the space with the poolings behind, max pooling last.
_SPELLED = tuple(SPACE.operators)
OPERATORS = (*_SPELLED[2:], *_SPELLED[1::-1])
# The edges into nodes 2 to 5; edge k of a group comes from node k.
GROUPS = ((0, 2), (2, 5), (5, 9), (9, 14))
KEPT = 2  # edges into each node

Left = Bool[np.ndarray, "E O"]
Place = tuple[int, int]  # edge, operator
Ranked = tuple[Place, int]


def by_place(pair: Ranked) -> Place:
    """Return what the release sorts by: where an operator stands in the list."""
    return pair[0]


def by_rank(pair: Ranked) -> int:
    """Return what was meant: the rank of an operator's deletion, the least harmful first."""
    return pair[1]


def released_pruning(
    score: Callable[[Pairs], float], key: Callable[[Ranked], Place | int] = by_place
) -> Pairs:
    """Return the cell that is left, as 8 pairs (operator as DARTS spells it, source node).

    Args:
        score: of a decoded cell, higher is better.
        key: what the deletions are sorted by.
    """
    left = np.ones((GROUPS[-1][1], len(OPERATORS)), dtype=bool)
    while (left.sum(axis=1) > 1).any():
        first: dict[int, Place] = {}
        for (edge, operator), _ in sorted(ranked_deletions(score, left, range(len(left))), key=key):
            first.setdefault(edge, (edge, operator))
        for place in first.values():
            left[place] = False
    for start, stop in GROUPS:
        ranked = sorted(ranked_deletions(score, left, range(start, stop)), key=key)
        for place, _ in ranked[:-KEPT]:
            left[place] = False
    return decode(left)


def ranked_deletions(
    score: Callable[[Pairs], float], left: Left, edges: Sequence[int]
) -> list[Ranked]:
    """Return every deletion on some edges with its rank by loss of score; equals share one."""
    whole = score(decode(left))
    losses = {}
    for edge in edges:
        for operator in map(int, np.flatnonzero(left[edge])):
            child = left.copy()
            child[edge, operator] = False
            losses[edge, operator] = whole - score(decode(child))
    ranks = {loss: rank for rank, loss in enumerate(sorted(set(losses.values())))}
    return sorted(((place, ranks[loss]) for place, loss in losses.items()), key=by_rank)


def decode(left: Left) -> Pairs:
    """Return the cell that the release scores in a partial architecture's place."""
    counts = left.sum(axis=1)
    weights = np.where(left, 1 / np.maximum(counts, 1)[:, None], 0)
    # The softmax of an edge that has lost all is even over all, `none` included.
    weights[counts == 0] = 1 / (len(OPERATORS) + 1)
    pairs = []
    for start, stop in GROUPS:
        sources = np.argsort(-weights[start:stop].max(axis=1), kind="stable")[:KEPT]
        operators = weights[start + sources].argmax(axis=1)
        pairs += [(OPERATORS[o], int(s)) for o, s in zip(operators, sources, strict=True)]
    return pairs
