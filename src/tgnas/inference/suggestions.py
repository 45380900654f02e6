"""What to train next, from what has been trained so far.

Nothing is kept between calls: a table of trained architectures is all that is known, and an empty
one is a zero-shot start. A row without an accuracy is one that is being trained.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool

from tgnas.costs.constraints import Constraint
from tgnas.costs.named import Costs
from tgnas.encodings.canonical import canonicalise
from tgnas.encodings.embeddings import KnownOperators
from tgnas.errors import ConfigError, number_of
from tgnas.inference.costs import costs_of
from tgnas.inference.fronts import improving, zero_shot_front
from tgnas.inference.pretrained import Pretrained
from tgnas.inference.scorers import Scoring
from tgnas.methods.contracts import Context
from tgnas.methods.few_labels import prepared
from tgnas.methods.predictors import gaussian_process
from tgnas.methods.searchers import bayesian_optimisation
from tgnas.methods.searchers._few import Candidates
from tgnas.methods.trained import codes_of
from tgnas.methods.zero_shot import bare
from tgnas.operators import CODES, PADDING
from tgnas.searching.live import Surrogate
from tgnas.searching.oracles import network_keys
from tgnas.searching.pool import Pool
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.splits import TrainingSet

LISTED = 20_000  # a space of at most so many architectures is listed whole
DRAWN = 4_000  # candidates of a larger one, beside the neighbours of the best
BEST = 5  # trained architectures whose neighbours are candidates
OPTIMISM = 2.0  # standard deviations that the boldest suggestion adds
PRIOR = gaussian_process.Settings(prior=0.7, doubted=True)
LEAST = 3  # different accuracies from which something is learned


def suggest(
    known: TrainingSet,
    space: Space,
    count: int,
    predictor: Scoring,
    *,
    constraints: Sequence[str] = (),
    costs: Sequence[str | Path] = (),
    against: str | None = None,
    seed: int = 0,
) -> pa.Table:
    """Return the architectures to train next.

    Columns: architecture, why (``zero-shot``; ``best``, the highest expected accuracy; ``bold``, a
    lower one that may turn out higher; ``front``, what is expected to improve the front of accuracy
    and a cost), expected, low and high (the accuracy that is expected, and one standard deviation
    to either side; NaN in a zero-shot start), and the costs that are constrained or traded.

    With fewer than three different accuracies suggestions are zero-shot. Else a Gaussian process
    with the zero-shot score as its prior mean is fitted, and each place has an optimism of its own.

    Args:
        known: what has been trained; an accuracy that is not finite is not known yet, and its
            architecture is not suggested again.
        space: where.
        count: how many.
        predictor: what the start is; it has seen no accuracy of this table.
        constraints: such as ``params<=1.5e6``; what breaks one is not suggested.
        costs: tables of costs (``tgnas.inference.costs``).
        against: a cost that is traded for accuracy; None for accuracy alone.
        seed: of what is drawn in a space that is too large to be listed.

    Raises:
        ConfigError: nothing is left that keeps the constraints, or the predictor is one that
            learning cannot start from.
        UnknownNameError: nothing is known of a cost.
    """
    priced = costs_of(space, costs)
    parsed = priced.constraints(constraints)
    shown = [priced.named(constraint.cost) for constraint in parsed]
    shown += [priced.named(against)] if against else []
    labelled = np.flatnonzero(np.isfinite(known.labels))
    trained = TrainingSet(known.architectures[labelled], known.labels[labelled], space.name)
    possible = _candidates(space, known, priced, parsed, np.random.default_rng(seed))
    everything = Architectures.concatenate([bare(known.architectures), possible])
    listed, context = prepared(everything, context_of(space, everything, predictor))
    candidates = Candidates(Pool.of(space, listed))
    candidates.open[: len(known)], candidates.rows = False, list(range(len(known)))
    if not candidates.open.any():
        raise ConfigError(f"nothing is left to suggest in {space.name}")
    left = min(count, int(candidates.open.sum()))
    price = priced.of(against, bare(listed)) if against else np.empty(0)
    if against and not np.isfinite(price[candidates.open]).any():
        raise ConfigError(f"{against} is not known of any architecture that could be suggested")
    why, unknown = "zero-shot", np.full(len(listed), np.nan)
    columns = {"expected": unknown, "low": unknown, "high": unknown}
    if len(np.unique(trained.labels)) < LEAST:
        if against:
            rows = zero_shot_front(candidates, price, left)
        else:
            rows = candidates.best(listed.attributes["zero_shot"], left)
        reasons = [why] * left
    else:
        observed = TrainingSet(listed[labelled], trained.labels, space.name)
        fitted = Surrogate("gaussian_process", PRIOR, context).fit(
            observed, np.random.default_rng(seed)
        )
        assert isinstance(fitted, gaussian_process.Predictor)
        mean, deviation = fitted.distribution(listed)
        ends = {"expected": mean, "low": mean - deviation, "high": mean + deviation}
        columns = {name: fitted.labels.back(values) for name, values in ends.items()}
        if against:
            rows = improving(candidates, mean, deviation, price, left)
            reasons = ["front"] * left
        else:
            optimism = OPTIMISM * np.linspace(0, 1, max(count, 2))[:left]
            rows = bayesian_optimisation.optimistic(mean, deviation, candidates, optimism)
            reasons = ["best" if value < OPTIMISM / 4 else "bold" for value in optimism]
    chosen = bare(listed[rows])
    table: dict[str, Any] = {"architecture": space.format(chosen), "why": reasons}
    table |= {name: values[rows] for name, values in columns.items()}
    return pa.table(table | {name: priced.of(name, chosen) for name in dict.fromkeys(shown)})


def context_of(space: Space, architectures: Architectures, predictor: Scoring) -> Context:
    """Return the context in which few labels of a space are learned, with a zero-shot start.

    Raises:
        ConfigError: the predictor is one that learning cannot start from.
    """
    if not isinstance(predictor, Pretrained):
        raise ConfigError("learning starts from a trained predictor, not from a count or several")
    weights = predictor.weights
    operators = KnownOperators.of(weights.embeddings, space.new)
    codes = codes_of([TrainingSet(architectures, np.zeros(len(architectures)))], 255)
    start = weights.as_start(space.new)
    return Context(replace(operators, training=tuple(codes)), start=start)


def _candidates(
    space: Space,
    known: TrainingSet,
    priced: Costs,
    constraints: Sequence[Constraint],
    generator: np.random.Generator,
) -> Architectures:
    """Return what may be suggested: all of a small space, else a draw and the best's neighbours.

    As long as there are others, what is left out is an architecture with a cell that connects
    nothing, and one that computes what a known one does; of several that compute the same the one
    with the fewest operators is a candidate.
    """
    if space.size is not None and space.size <= LISTED:
        every = space.enumerate()
    else:
        best = np.argsort(-known.labels, kind="stable")[:BEST]  # unknown ones last
        around = [bare(known.architectures[row : row + 1]) for row in best]
        parts = [space.sample(DRAWN, generator), *map(space.neighbours, around)]
        every = Architectures.concatenate(map(bare, parts))
    every = every[every.distinct()[0]]
    seen = every.rows_of(bare(known.architectures)) if len(known) else np.empty(0, int)
    kept = priced.excess(constraints, every) == 0
    kept[seen[seen >= 0]] = False
    if not kept.any() and not constraints:
        raise ConfigError(
            f"nothing is left to suggest: each of {number_of(len(every), 'architecture')} of "
            f"{space.name} stands in the table already"
        )
    if not kept.any():
        raise ConfigError(
            f"none of {number_of(len(every), 'architecture')} of {space.name} that were not "
            "trained yet keeps "
            f"{', '.join(map(str, constraints))}"
        )
    connected = canonicalise(every.cells).edges.any(axis=(1, 2))
    alive = kept & connected.reshape(len(every), -1).all(axis=1)
    choices = (_different(every, known, alive), alive, kept)
    return next(every[chosen] for chosen in choices if chosen.any())


def _different(
    every: Architectures, known: TrainingSet, kept: Bool[np.ndarray, " N"]
) -> Bool[np.ndarray, " N"]:
    """Tell which of those that are kept compute what no known one and no other does."""
    together = Architectures.concatenate([bare(known.architectures), every])
    keys = network_keys(together)
    seen, keys = set(keys[: len(known)]), keys[len(known) :]
    operators = every.cells.operators
    there = (operators != PADDING) & (operators != CODES["zero"])
    different = np.zeros(len(every), dtype=bool)
    counted = there.reshape(len(every), -1).sum(axis=1)
    for row in np.argsort(counted, kind="stable"):
        if kept[row] and keys[row] not in seen:
            different[row] = True
            seen.add(keys[row])
    return different
