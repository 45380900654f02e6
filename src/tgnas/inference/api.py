"""The commands as functions: ``tgnas.search``, ``rank``, ``train``, ``evaluate``, ``sample``.

They take what Python holds where the commands take files, and return what these write. A
predictor is a name or a path, as ``load_pretrained`` takes it, or a loaded one; an architecture is
written in any way that docs/notations.md lists.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from tgnas.costs.sampling import sample_within
from tgnas.errors import ConfigError, DataError, number_of
from tgnas.files import writable
from tgnas.inference import evaluating, suggestions, training
from tgnas.inference import known as known_tables
from tgnas.inference import search as searches
from tgnas.inference.arguments import checked
from tgnas.inference.asked import LEARNER, RECOMMENDED, SUFFIX
from tgnas.inference.costs import costs_of
from tgnas.inference.pretrained import Pretrained, Where, agreement_with_next, load_pretrained
from tgnas.inference.scorers import Scoring, load_scorer
from tgnas.methods.trained import save
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space, open_space
from tgnas.training.splits import TrainingSet

Predictor = str | Path | Scoring
Given = Architectures | Iterable[Any]


@checked
def score(
    architectures: Given, space: Where, predictor: Predictor = RECOMMENDED, threads: int = 1
) -> Float64[np.ndarray, " N"]:
    """Return the score of each architecture; higher is better. Errors as ``Pretrained.score``."""
    opened = open_space(space)
    return _loaded(predictor).score(_packed(architectures, opened), opened, threads)


@checked
def rank(
    architectures: Given,
    space: Where,
    predictor: Predictor = RECOMMENDED,
    top: int = 10,
    threads: int = 1,
) -> pa.Table:
    """Return the best architectures, best first; of equal ones the earlier.

    Columns: rank, row (in what was given, from 0), architecture, score, and agreement: the share of
    the members that score a row above the next. Errors as ``Pretrained.score``.
    """
    opened = open_space(space)
    packed = _packed(architectures, opened)
    members = _loaded(predictor).scores(packed, opened, threads)
    scores = members.mean(axis=0)
    rows = np.argsort(-scores, kind="stable")[:top]
    return pa.table(
        {
            "rank": np.arange(1, len(rows) + 1),
            "row": rows,
            "architecture": opened.format(packed[rows]),
            "score": scores[rows],
            "agreement": agreement_with_next(members[:, rows]),
        }
    )


@checked
def evaluate(
    architectures: Given,
    accuracies: Iterable[Any],
    space: Where,
    predictor: Predictor = RECOMMENDED,
    threads: int = 1,
) -> dict[str, Any]:
    """Return how well scores rank architectures, beside the complexity baseline.

    Raises:
        DataError: an accuracy is not finite, there is not one for each architecture, or they are
            fewer than ten.
        TgnasError: as ``Pretrained.score``.
    """
    opened = open_space(space)
    packed = _packed(architectures, opened)
    known = _accuracies(accuracies, len(packed))
    asked = _loaded(predictor)
    scores, learned = asked.score(packed, opened, threads), asked.learned_of(opened)
    return evaluating.measures_of(packed, scores, known, opened, "evaluate", learned)


@checked
def search(
    space: Where,
    searcher: str | None = None,
    budget: int = 5000,
    *,
    constraints: Sequence[str] = (),
    costs: Sequence[str | Path] = (),
    predictor: Predictor = RECOMMENDED,
    seed: int = 0,
    threads: int = 1,
) -> searches.Found:
    """Return what a searcher finds with a budget of scores; ``tgnas.inference.search`` says more.

    A searcher that is not named is ``hybrid`` or, where that cannot search the space within the
    budget, ``regularised_evolution``.

    The best is ``found.architecture``; ``found.top(10)``, ``found.history()`` and
    ``found.front(["score", "flops"])`` are tables.
    """
    return searches.search(
        _loaded(predictor),
        open_space(space),
        searcher,
        budget,
        seed,
        threads,
        constraints=constraints,
        costs=costs,
    )


@checked
def sample(
    space: Where,
    count: int,
    seed: int = 0,
    constraints: Sequence[str] = (),
    costs: Sequence[str | Path] = (),
) -> list[str]:
    """Return different architectures that are drawn at random and keep the constraints.

    Raises:
        ConfigError: the space has not so many, or cannot be drawn from.
        UnknownNameError: nothing is known of a cost.
    """
    opened = open_space(space)
    known = costs_of(opened, costs)
    return opened.format(sample_within(opened, count, seed, constraints, known))


@checked
def suggest(
    space: Where,
    architectures: Given = (),
    accuracies: Iterable[float] = (),
    count: int = 8,
    *,
    constraints: Sequence[str] = (),
    costs: Sequence[str | Path] = (),
    against: str | None = None,
    predictor: Predictor = RECOMMENDED,
    seed: int = 0,
) -> pa.Table:
    """Return what to train next; ``tgnas.inference.suggestions.suggest`` says more.

    Args:
        space: where.
        architectures: what has been trained so far; none is a zero-shot start.
        accuracies: of each; NaN for one that is being trained.
        count: how many.
        constraints: as in ``search``.
        costs: as in ``search``.
        against: a cost that is traded for accuracy.
        predictor: what a start without accuracies goes by.
        seed: of what is drawn in a large space.

    Raises:
        DataError: there is not one accuracy for each architecture.
        ConfigError: nothing is left that keeps the constraints.
        TgnasError: an architecture is not of the space, or nothing is known of a cost.
    """
    opened = open_space(space)
    known = _labelled(architectures, opened, accuracies, pending=True)
    return suggestions.suggest(
        known,
        opened,
        count,
        _loaded(predictor),
        constraints=constraints,
        costs=costs,
        against=against,
        seed=seed,
    )


@checked
def search_table(
    architectures: Given,
    accuracies: Iterable[Any],
    space: Where,
    searcher: str = "bayesian_optimisation",
    budget: int = 50,
    *,
    predictor: Predictor = RECOMMENDED,
    seed: int = 0,
) -> known_tables.KnownBest:
    """Return what a searcher finds that looks up at most `budget` of known accuracies.

    Raises:
        DataError: an accuracy is not finite, or there is not one for each architecture.
        TgnasError: as ``tgnas.inference.known.search_known``.
    """
    opened = open_space(space)
    known = _labelled(architectures, opened, accuracies)
    return known_tables.search_known(known, opened, searcher, budget, _loaded(predictor), seed)


@checked
def search_front(
    architectures: Given,
    accuracies: Iterable[Any],
    space: Where,
    against: str,
    budget: int = 50,
    *,
    costs: Sequence[str | Path] = (),
    predictor: Predictor = RECOMMENDED,
    seed: int = 0,
) -> known_tables.KnownFront:
    """Return the front of accuracy and a cost that at most `budget` of known accuracies make.

    Raises:
        DataError: an accuracy is not finite, or there is not one for each architecture.
        TgnasError: as ``tgnas.inference.known.search_known_front``.
    """
    opened = open_space(space)
    known = _labelled(architectures, opened, accuracies)
    return known_tables.search_known_front(
        known, opened, against, budget, _loaded(predictor), costs=costs, seed=seed
    )


@checked
def mutate(architectures: Given, space: Where, seed: int = 0) -> list[str]:
    """Return one random neighbour of each architecture; errors as ``Space.mutate``."""
    opened = open_space(space)
    packed = _packed(architectures, opened)
    return opened.format(opened.mutate(packed, np.random.default_rng(seed)))


@checked
def neighbours(architecture: Any, space: Where) -> list[str]:
    """Return all architectures one step away from one; errors as ``Space.neighbours``."""
    opened = open_space(space)
    return opened.format(opened.neighbours(_packed([architecture], opened)))


@checked
def convert(architectures: Given, space: Where, to: str = "own") -> list[Any]:
    """Return architectures in another notation; errors as ``Space.write``."""
    opened = open_space(space)
    return opened.write(_packed(architectures, opened), to)


@checked
def train(
    architectures: Given,
    accuracies: Iterable[Any],
    space: Where,
    output: str | Path | None = None,
    configuration: str | Path | Pretrained = LEARNER,
    seeds: int | None = None,
    epochs: int | None = None,
    method: str | None = None,
    device: str = "cpu",
) -> Pretrained:
    """Return a predictor that was trained on labelled architectures.

    Which of three learns them is chosen by cross-validation; what each reached on labels that were
    held out stands in the card (``card["settings"]["validation"]``).

    Args:
        architectures: what it learns from.
        accuracies: of each; higher is better.
        space: what they are of.
        output: a file, NAME.safetensors, that it is written into.
        configuration: the predictor that it starts from; of a network, whose settings it has.
        seeds: members of the ensemble, 5 by default; 1 of a Gaussian process, which draws nothing.
        epochs: passes of a network over the architectures; given, a network is trained.
        method: gaussian_process, gradient_boosting, fine_tuned or network; None for the best.
        device: on which a network learns, in torch's words; the others learn on the CPU.

    Raises:
        ConfigError: a device that is not there or that the method does not know, several seeds of a
            Gaussian process, or an output of another name.
        UnwritableFileError: the output cannot be written.
        DataError: an accuracy is not finite, there is not one for each architecture, or there is
            nothing to learn.
        TgnasError: an architecture is not of the space, or there is no such configuration.
    """
    if output is not None:
        if not str(output).endswith(SUFFIX):
            raise ConfigError(f"output: {str(output)!r} must end in {SUFFIX}")
        writable(output)
    opened = open_space(space)
    known = _labelled(architectures, opened, accuracies)
    like = configuration
    if not isinstance(like, Pretrained):
        like = load_pretrained(like)
    trained = training.train_on(
        known, opened, like, seeds, "train", method=method, epochs=epochs, device=device
    )
    if output is not None:
        save(Path(output), trained)
    return Pretrained(str(output or trained.card["title"]), dict(trained.card), trained)


def _loaded(predictor: Predictor) -> Scoring:
    return load_scorer(predictor) if isinstance(predictor, str | Path) else predictor


def _packed(architectures: Given, space: Space) -> Architectures:
    if isinstance(architectures, Architectures):
        return architectures
    return space.architectures(architectures)


def _labelled(
    architectures: Given, space: Space, accuracies: Iterable[Any], *, pending: bool = False
) -> TrainingSet:
    """Return architectures with their accuracies, of which those that are pending may be NaN."""
    packed = _packed(architectures, space)
    known = (_labels if pending else _accuracies)(accuracies, len(packed))
    return TrainingSet(packed, known, space.name)


def _accuracies(accuracies: Iterable[Any], count: int) -> Float64[np.ndarray, " N"]:
    known = _labels(accuracies, count)
    faulty = np.flatnonzero(~np.isfinite(known))
    if len(faulty):
        raise DataError(f"row {faulty[0]}: {known[faulty[0]]} is no finite accuracy")
    return known


def _labels(labels: Iterable[Any], count: int) -> Float64[np.ndarray, " N"]:
    try:
        known = np.array(list(labels), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"accuracies must be numbers: {error}") from error
    if known.ndim != 1:
        raise DataError("accuracies are one number for each architecture, not lists of them")
    if len(known) != count:
        raise DataError(
            f"{number_of(known.size, 'accuracy')} of {number_of(count, 'architecture')}"
        )
    return known
