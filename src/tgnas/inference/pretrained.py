"""Trained predictors: those that come with the package, and weights files of one's own.

The package's folder ``weights`` holds for each of its predictors a file of weights (half
precision; one member per seed), its card (JSON) and, shared by all, the operators' sentence
vectors. The workflow's rule ``ship_weights`` writes them from its own results. ``tgnas train``
writes one file that holds everything but the vocabulary's vectors.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from pydantic import BaseModel, NonNegativeInt

from tgnas.benchmarks._kin import kin
from tgnas.benchmarks.base import Benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.encodings.live import is_dead
from tgnas.errors import ConfigError, CorruptTableError, TgnasError, number_of
from tgnas.files import sha256_of
from tgnas.inference.arguments import checked
from tgnas.inference.asked import RECOMMENDED, SUFFIX, check_trained, own_folder
from tgnas.inference.verdict import Tally, Verdict, verdict_on
from tgnas.methods.trained import Ensemble, Trained, load, read_about
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import ALIASES, Architecture, NewOperator, Space, open_space
from tgnas.training.sources import drawn_rows
from tgnas.training.splits import TrainingRows
from tgnas.validation import key, read_json, validated

Given = Architectures | Sequence[Architecture]  # packed, the space's strings, or JSON objects
Where = str | Path | Space  # a built-in space's name, the path of a space file, or a space


class _Settings(BaseModel):
    """What is read of the settings of a predictor, among other keys."""

    embedding: str = key("name of the operators' sentence vectors", pattern=r"^\w+$")


class _Card(BaseModel):
    """What is read of the card of a predictor, among other keys."""

    title: str = key("what it is, in a table")
    seeds: tuple[NonNegativeInt, ...] = key("random seed of each member", min_length=1)
    trained_on: dict[str, dict[str, Any]] = key("what was learned, by benchmark or space")
    settings: _Settings = key("how it was trained")


class _PackagedCard(_Card):
    """The card of a predictor that comes with the package."""

    sha256: str = key("of the file of weights", pattern=r"^[0-9a-f]{64}$")
    licence: str = key("of the weights")


class Members(ABC):
    """What scores by the mean of its members."""

    @abstractmethod
    def ensemble(self, space: Space | None = None) -> Ensemble:
        """Return the members, which know a space's new operators."""

    @abstractmethod
    def learned_of(self, space: Space, /) -> list[str]:
        """Return of which labels of a space's architectures it has learned."""

    @checked
    def scores(
        self, architectures: Given, space: Where = "", threads: int = 1
    ) -> Float64[np.ndarray, "S N"]:
        """Return every member's score of each architecture; arguments as in ``score``."""
        opened = None if space == "" else open_space(space)
        return self.ensemble(opened).scores(packed(architectures, opened), threads)

    @checked
    def score(
        self, architectures: Given, space: Where = "", threads: int = 1
    ) -> Float64[np.ndarray, " N"]:
        """Return the mean score of the members for each architecture; higher is better.

        The scale is that of the card's label: a rank among the training architectures, or an
        accuracy as a fraction. Only the order means something in another space.

        Args:
            architectures: packed architectures, strings as the space writes them, or JSON objects.
            space: a built-in space's name, the path of a space file, or a space; needed for all
                but packed architectures of known operators.
            threads: how many work at once.

        Raises:
            UnknownNameError: there is no such space, or an operator that the space does not have.
            InvalidCellError: an architecture that is not in the space.
            ConfigError: a space file that defines no space, or no space where one is needed.
        """
        return self.scores(architectures, space, threads).mean(axis=0)

    @checked
    def spread(
        self, architectures: Given, space: Where = "", threads: int = 1
    ) -> Float64[np.ndarray, " N"]:
        """Return the standard deviation of the members' scores; NaN where there is but one."""
        return spread_of(self.scores(architectures, space, threads))


@dataclass(frozen=True, eq=False)
class Pretrained(Members):
    """An ensemble over seeds: one configuration, trained several times."""

    name: str  # or path, by which it was loaded
    card: dict[str, Any]  # what it was trained on and how it ranks
    weights: Trained
    _ensembles: dict[tuple[NewOperator, ...], Ensemble] = field(default_factory=dict, repr=False)

    @checked
    def agreement(
        self, architectures: Given, space: Where = "", threads: int = 1
    ) -> Float64[np.ndarray, "N N"]:
        """Return the share of members that score each architecture (row) above each (column).

        What a difference of two scores is worth: 1 where all members have the same order, 0.5 where
        they know none. The spread of scores holds the offset that each member's scores have and
        that no order depends on.
        """
        members = self.scores(architectures, space, threads)
        above = members[:, :, None] > members[:, None, :]
        equal = members[:, :, None] == members[:, None, :]
        return (above + 0.5 * equal).mean(axis=0)

    @checked
    def verdict(self, architectures: Given, space: Where = "", threads: int = 1) -> Verdict:
        """Return what speaks against the scores of architectures; arguments as in ``score``."""
        tally, opened = Tally(), open_space(space) if space != "" else None
        every = packed(architectures, opened)
        tally.add(self.scores(every[~is_dead(every)], space, threads))
        return self.verdict_on(tally, opened)

    def verdict_on(self, tally: Tally, space: Space | None) -> Verdict:
        """Return what speaks against scores that were tallied."""
        operators = self.weights.known_operators(space.new if space else ())
        return verdict_on(tally, space, operators, self.weights.method)

    def learned_of(self, space: Space, /) -> list[str]:
        """Return of which labels of a space's architectures it has learned, by their benchmarks.

        What is distilled from a proxy has learned none.
        """
        learned = [n for n, of in self.card["trained_on"].items() if "distil_from" not in of]
        return [n for n in learned if space.name in {ALIASES.get(k, k) for k in (n, *kin(n))}]

    def ensemble(self, space: Space | None = None) -> Ensemble:
        """Return the members, which know a space's new operators; errors as in ``Trained``."""
        new = space.new if space else ()
        if new not in self._ensembles:
            self._ensembles[new] = self.weights.ensemble(new)
        return self._ensembles[new]


def packed(architectures: Given, space: Space | None) -> Architectures:
    """Return architectures as one object; errors as ``Pretrained.score``."""
    if isinstance(architectures, Architectures):
        return architectures
    if space is None:
        raise ConfigError("architectures that are not packed need a space")
    return space.architectures(architectures)


def spread_of(scores: Float64[np.ndarray, "S N"]) -> Float64[np.ndarray, " N"]:
    """Return the standard deviation over members; NaN where there is but one."""
    if len(scores) < 2:
        return np.full(scores.shape[1], np.nan)
    return scores.std(axis=0, ddof=1)


def agreement_with_next(members: Float64[np.ndarray, "S N"]) -> Float64[np.ndarray, " N"]:
    """Return the share of members that score each architecture above the next; NaN for the last.

    A member's scores have an offset of their own, so that the spread of scores says less about an
    order than how many members have it so.
    """
    shares = (members[:, :-1] > members[:, 1:]).mean(axis=0)
    return np.append(shares, np.nan)[: members.shape[1]]


@checked
def load_pretrained(name: str | Path = RECOMMENDED, folder: str | Path | None = None) -> Pretrained:
    """Return a trained predictor.

    Args:
        name: universal (ours, for any space), canonical (ours, from NAS-Bench-101 alone),
            canonical_short and canonical_mean (ours with a third of the epochs, and our second
            configuration: members of our ensemble), code (the authors' configuration), darts
            (ours, from NAS-Bench-101 and NAS-Bench-201), distilled_az_nas, distilled_meco,
            distilled_zen (ours, from scores of a zero-cost proxy in place of labels), or the path
            of a weights file.
        folder: where the package's predictors are; its own by default.

    Raises:
        UnknownNameError: no predictor has that name.
        CorruptTableError: a file is missing or damaged.
    """
    folder = Path(folder or own_folder())
    own = str(name).endswith(SUFFIX)
    check_trained(str(name), folder)
    path = Path(name) if own else folder / f"{name}{SUFFIX}"
    card = _card_of(path, read_about(path).get("card")) if own else read_card(folder, str(name))
    embedding, seeds = card["settings"]["embedding"], card["seeds"]
    if not own and sha256_of(path) != card["sha256"]:
        raise CorruptTableError(f"{path} are not the weights of its card, {name}.json")
    weights = load(path, OperatorEmbeddings.read(folder / f"{embedding}.parquet"))
    if len(weights) != len(seeds):
        raise CorruptTableError(
            f"{path} holds {number_of(len(weights), 'seed')} and its card names {len(seeds)}"
        )
    pretrained = Pretrained(str(name), card, weights)
    pretrained.ensemble()  # a damaged file is refused here, not at the first score
    return pretrained


def read_card(folder: Path | None, name: str) -> dict[str, Any]:
    """Return the card of a predictor that comes with the package.

    Raises:
        CorruptTableError: it is missing or no card.
    """
    path = (folder or own_folder()) / f"{name}.json"
    try:
        card = read_json(path.read_text())
    except (OSError, ValueError) as error:
        raise CorruptTableError(f"{path} is not the card of a predictor: {error}") from error
    return _card_of(path, card, _PackagedCard)


def _card_of(path: Path, card: Any, model: "type[_Card]" = _Card) -> dict[str, Any]:
    """Return what a file says of its predictor, as it is.

    Raises:
        CorruptTableError: it is no card.
    """
    try:
        validated(model, card, what="card")
    except TgnasError as error:
        raise CorruptTableError(f"{path} is not the card of a predictor: {error}") from error
    return dict(card)


def learned_rows(card: Mapping[str, Any], benchmark: Benchmark) -> list[TrainingRows]:
    """Return the rows of a benchmark that each member of a packaged predictor has learned from.

    The package keeps no rows: they are drawn again, as its settings say. What is distilled from a
    proxy has learned no label of the cells that the proxy scored.
    """
    learned = card["trained_on"].get(benchmark.name)
    if learned is None or "distil_from" in learned:
        return [TrainingRows(benchmark.name, np.array([], dtype=np.int64)) for _ in card["seeds"]]
    label = {key: learned[key] for key in ("dataset", "split", "epochs")}
    return [drawn_rows(benchmark, label, card["settings"], seed) for seed in card["seeds"]]
