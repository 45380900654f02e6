"""The pruning half of TG-NAS's Algorithm 1: from the supernet to a single path.

The paper does not say how a network with several operators on an edge is scored, and the released
code sorts operators by index, whatever their scores. Here the score of a supernet M comes from its
completions, the architectures that pick one of the remaining operators at each edge:

    mean:  P(M) = mean over m completions c of P(c)     (what is used)
    best:  P(M) = max over m completions c of P(c)      (what it is compared with)

with the m completions drawn once per step. Each draw fixes a position in the list of remaining
operators on every edge, so that M and all its children are compared on the same draws; they are a
Latin hypercube (McKay et al. 1979), so that every operator is in its share of the completions. The
mean tells operators apart wherever the predictor does, because P(M without o) averages over
architectures that are still reachable when o is gone, and over others for another o; the best sees
only the completion on top, so that operators tie. ``docs/deviations.md`` weighs other
alternatives. "Edge" stands for any decision of the space.

In each step every edge with more than one operator loses the one whose removal costs least:
argmin over o of S(o) = P(M) - P(M without o). |O| - 1 steps leave a single path.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float64, Int64

from tgnas.methods.card import Card
from tgnas.methods.searchers._trace import Evaluate, Settings, Trace
from tgnas.spaces.space import Space

CARD = Card(
    title="pruning",
    reference="TG-NAS, Algorithm 1, first half",
    needs="scores",
    deviations=(
        "the supernet's score, which the paper leaves open, is the mean over sampled completions",
        "the answer is the single path that is left, not the best completion seen on the way",
    ),
)
DETERMINISTIC = False
Supernet = Callable[[Float64[np.ndarray, "supernets m"]], Float64[np.ndarray, " supernets"]]
# The score of each supernet from the scores of its m completions.
PARTIAL_SCORES: Mapping[str, Supernet] = MappingProxyType(
    {"mean": lambda scores: scores.mean(axis=1), "best": lambda scores: scores.max(axis=1)}
)


def search(
    space: Space, evaluate: Evaluate, settings: Settings, generator: np.random.Generator
) -> Trace:
    """Return the single path that is left; its score is the last query."""
    trace = Trace(space, evaluate)
    left, supernet = remaining(space), PARTIAL_SCORES[settings.partial_architecture]
    while (left.sum(axis=1) > 1).any():
        drawn = draws(settings.completions, len(left), generator)
        damage = removal_scores(trace.ask, left, drawn, supernet)
        for edge in np.flatnonzero(left.sum(axis=1) > 1):
            left[edge, np.argmin(damage[edge])] = False
    trace.ask(np.argmax(left, axis=1)[None])
    trace.answer = trace.queries - 1
    return trace


def remaining(space: Space) -> Bool[np.ndarray, "D O"]:
    """Return the supernet in which every operator is on every edge."""
    sizes = np.array([len(options) for options in space.choices])
    return np.arange(sizes.max()) < sizes[:, None]


def draws(count: int, decisions: int, generator: np.random.Generator) -> Float64[np.ndarray, "m D"]:
    """Return a Latin hypercube: of each decision's numbers one lies in each 1/m of [0, 1)."""
    strata = np.repeat(np.arange(count)[:, None], decisions, axis=1)
    return (generator.permuted(strata, axis=0) + generator.random(strata.shape)) / count


def removal_scores(
    ask: Evaluate,
    left: Bool[np.ndarray, "D O"],
    drawn: Float64[np.ndarray, "m D"],
    supernet: Supernet = PARTIAL_SCORES["mean"],
) -> Float64[np.ndarray, "D O"]:
    """Return S(o) = P(M) - P(M without o) of every removable operator; infinity for the others.

    Args:
        ask: scores of completions.
        left: the operators that M still has on each edge.
        drawn: numbers in [0, 1); number d picks operator floor(d * remaining) of an edge.
        supernet: scores of supernets from those of their completions.
    """
    removable = np.argwhere(left & (left.sum(axis=1) > 1)[:, None])
    networks = np.repeat(left[None], len(removable) + 1, axis=0)
    networks[np.arange(len(removable)) + 1, *removable.T] = False
    chosen = np.stack([completions(network, drawn) for network in networks])
    scores = supernet(ask(chosen.reshape(-1, left.shape[0])).reshape(len(networks), -1))
    damage = np.full(left.shape, np.inf)
    damage[tuple(removable.T)] = scores[0] - scores[1:]
    return damage


def completions(
    left: Bool[np.ndarray, "D O"], drawn: Float64[np.ndarray, "m D"]
) -> Int64[np.ndarray, "m D"]:
    """Return the architectures that the draws pick from a supernet."""
    counts = left.sum(axis=1)
    place = np.floor(drawn * counts).astype(np.intp)
    operators = np.argsort(~left, axis=1, kind="stable")  # remaining ones first, in their order
    return np.take_along_axis(operators.T, place, axis=0).astype(np.int64)
