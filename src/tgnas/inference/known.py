"""Tables of trained architectures: how they are read, and what searches of them find."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tgnas.costs.front import front, hypervolume
from tgnas.errors import DataError, UnknownNameError
from tgnas.inference.costs import costs_of
from tgnas.inference.fronts import Rounds, search_front
from tgnas.inference.labels import once_each, read_labels
from tgnas.inference.scorers import Scoring
from tgnas.inference.streaming import Source, format_of
from tgnas.inference.suggestions import PRIOR, context_of
from tgnas.methods.contracts import Context
from tgnas.methods.few_labels import prepared
from tgnas.methods.searchers._few import Candidates
from tgnas.methods.zero_shot import bare
from tgnas.registry import PREDICTORS, SEARCHERS
from tgnas.searching.live import Surrogate
from tgnas.searching.oracles import Oracle, searched
from tgnas.searching.pool import Pool
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.splits import TrainingSet

ZERO_SHOT = 0.5  # the share of the first queries that a zero-shot score chooses


def known_of(path: str | None, space: Space, column: str = "accuracy") -> TrainingSet:
    """Return the trained architectures of a table; an empty or no file holds none.

    A row without an accuracy has NaN: it is being trained.

    Raises:
        DataError: a row is no architecture of the space, its accuracy is no number, or there is
            no such column.
        UnreadableFileError: the file cannot be read.
    """
    if path is not None and not (Path(path).is_file() and Path(path).stat().st_size == 0):
        return read_labels(Source(path, format_of(path)), column, space)
    return TrainingSet(space.architectures([]), np.empty(0), space.name)


def _oracle(
    known: TrainingSet, space: Space, predictor: Scoring
) -> tuple[Pool, np.ndarray, Context]:
    """Return the different architectures whose accuracy a table knows, with what is learned from.

    Raises:
        DataError: the table has no accuracy.
    """
    each = once_each(known)
    if not len(each):
        raise DataError("the table of the oracle has no accuracy")
    listed, context = prepared(each.architectures, context_of(space, each.architectures, predictor))
    return Pool.of(space, listed), each.labels, context


@dataclass(frozen=True)
class KnownBest:
    """What a search of a table of accuracies found.

    Attributes:
        architecture: its string.
        accuracy: that of the table.
        queries: how many accuracies were looked up.
        best_query: at which of them the best of the table was.
        best_accuracy: the highest of the table.
    """

    architecture: str
    accuracy: float
    queries: int
    best_query: int | None
    best_accuracy: float


def search_known(
    known: TrainingSet,
    space: Space,
    searcher: str,
    budget: int,
    predictor: Scoring,
    seed: int = 0,
) -> KnownBest:
    """Return what a searcher finds that looks up at most `budget` accuracies of a table.

    A searcher that fits a predictor is given the one that it is made for, else a Gaussian process,
    with the zero-shot score as its prior, and begins with the best by that score.

    Raises:
        ConfigError: the searcher needs all architectures of the space, or a larger budget.
        DataError: the table has no accuracy.
        UnknownNameError: there is no such searcher.
    """
    pool, labels, context = _oracle(known, space, predictor)
    module = SEARCHERS.module(searcher)
    if "labels" not in module.CARD.needs:
        able = [name for name in SEARCHERS.names() if "labels" in SEARCHERS.module(name).CARD.needs]
        raise UnknownNameError("searcher of labels", searcher, able)
    fields = module.Settings.model_fields
    settings: dict[str, Any] = {"budget": min(budget, len(labels))}
    settings |= {"zero_shot": ZERO_SHOT} if "zero_shot" in fields else {}
    method = getattr(module, "SURROGATE", "gaussian_process")
    surrogate = Surrogate(method, PREDICTORS.module(method).Settings(prior=PRIOR.prior), context)

    def answer(architectures: Architectures, fidelity: int | None) -> tuple[np.ndarray, float]:
        del fidelity  # a table has one
        return labels[pool.rows_of(architectures)], 0.0

    oracle = Oracle(answer, "accuracy")
    chosen, generator = module.Settings(**settings), np.random.default_rng(seed)
    trace = searched(searcher, pool, oracle, chosen, generator, surrogate)
    incumbent = bare(trace.architectures[trace.incumbent : trace.incumbent + 1])
    hit = np.flatnonzero(trace.scores == labels.max())
    return KnownBest(
        space.format(incumbent)[0],
        float(trace.scores[trace.incumbent]),
        trace.queries,
        int(hit[0]) + 1 if len(hit) else None,
        float(labels.max()),
    )


@dataclass(frozen=True, eq=False)
class KnownFront:
    """What a search of a table of accuracies found of the front of accuracy and a cost.

    Attributes:
        queried: query (from 1), architecture, accuracy and the cost, in the order of the queries.
        members: those of the queried that no other queried beats, the cheapest first.
        hypervolume: of the members, as a share of that of the front of the whole table.
    """

    queried: pa.Table
    members: pa.Table
    hypervolume: float


def search_known_front(
    known: TrainingSet,
    space: Space,
    against: str,
    budget: int,
    predictor: Scoring,
    *,
    costs: Sequence[str | Path] = (),
    seed: int = 0,
) -> KnownFront:
    """Return the front that at most `budget` accuracies of a table make.

    The first ten queries are half drawn, half what enlarges the front of zero-shot score and cost;
    each later one is expected to enlarge the front the most. The hypervolume reaches to the highest
    cost and the median accuracy of the table.

    Args:
        known: the table.
        space: of its architectures.
        against: the cost.
        budget: how many accuracies are looked up.
        predictor: what the start is.
        costs: tables of costs (``tgnas.inference.costs``).
        seed: of what is drawn.

    Raises:
        DataError: the table has no accuracy of an architecture whose cost is known.
        UnknownNameError: nothing is known of the cost.
    """
    priced = costs_of(space, costs)
    name = priced.named(against)
    pool, labels, context = _oracle(known, space, predictor)
    price = priced.of(name, bare(pool.listed))
    if not np.isfinite(price).any():
        raise DataError(f"{name} is not known of any architecture of the table")
    surrogate = Surrogate(
        "gaussian_process", PREDICTORS.settings("gaussian_process")(prior=PRIOR.prior), context
    )
    rounds = Rounds(min(budget, len(labels)), batch=5, zero_shot=ZERO_SHOT)
    rows = search_front(
        Candidates(pool), labels, price, surrogate, rounds, np.random.default_rng(seed)
    )
    queried = front_table(pool.listed[rows], space, labels[rows], {name: price[rows]})
    members = rows[front(price[rows], labels[rows])]
    highest, lowest = float(np.nanmax(price)), float(np.median(labels))
    volume, whole = (
        hypervolume(price[some], labels[some], highest, lowest)
        for some in (members, front(price, labels))
    )
    return KnownFront(
        queried.add_column(0, "query", pa.array(np.arange(1, len(rows) + 1))),
        front_table(pool.listed[members], space, labels[members], {name: price[members]}),
        volume / whole if whole else 1.0,
    )


def measured_front(
    known: TrainingSet, space: Space, against: str, costs: Sequence[str | Path] = ()
) -> tuple[pa.Table, pa.Table]:
    """Return what has been trained with its cost, and what of it no other beats.

    What was trained several times counts once, by the mean of its accuracies. Columns of both:
    architecture, accuracy, the cost.

    Raises:
        UnknownNameError: nothing is known of the cost.
    """
    priced = costs_of(space, costs)
    name = priced.named(against)
    each = once_each(known)
    trained, labels = each.architectures, each.labels
    price = priced.of(name, trained)
    members = front(price, labels)
    return (
        front_table(trained, space, labels, {name: price}),
        front_table(trained[members], space, labels[members], {name: price[members]}),
    )


def front_table(
    architectures: Architectures, space: Space, accuracies: np.ndarray, costs: dict[str, np.ndarray]
) -> pa.Table:
    """Return a row for each architecture: architecture, accuracy and every cost."""
    about = {"architecture": space.format(bare(architectures)), "accuracy": accuracies}
    return pa.table(about | costs)
