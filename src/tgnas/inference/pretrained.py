"""Trained predictors: those that come with the package, and weights files of one's own.

The package's folder ``weights`` holds for each of its predictors a file of weights (half
precision; one entry per seed), its card (JSON) and, shared by all, the operators' sentence vectors.
The workflow's rule ``ship_weights`` writes them from its own results. ``tgnas train`` writes one
file that holds everything but the vocabulary's vectors.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.errors import ConfigError, CorruptTableError, UnknownNameError
from tgnas.files import written_whole
from tgnas.inference.described import Known, open_network
from tgnas.methods.predictors import tgnas
from tgnas.methods.predictors._network import Shape
from tgnas.operators import CODES, NAMES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Architecture, NewOperator, Space, open_space
from tgnas.training.fit import Optimisation

RECOMMENDED = "canonical"
SUFFIX = ".safetensors"


@dataclass(frozen=True, eq=False)
class Weights:
    """What training left behind, for S seeds.

    Attributes:
        settings: the configuration.
        training_operators: the vocabulary's operators that it learned from.
        new_training_operators: the new operators that it learned from.
        states: every entry of the networks' states, stacked: (S, ...).
        embeddings: the vocabulary's sentence vectors.
    """

    settings: tgnas.Settings
    training_operators: tuple[str, ...]
    new_training_operators: tuple[NewOperator, ...]
    states: Mapping[str, Tensor]
    embeddings: OperatorEmbeddings

    def members(self, new: Sequence[NewOperator] = ()) -> tuple[tgnas.Predictor, ...]:
        """Return the predictor of each seed, which knows new operators by their codes.

        Raises:
            CorruptTableError: the states are not those of the network.
            ConfigError: the predictor cannot read new operators.
            ResourceError: the sentence transformer is not to be had.
        """
        known = Known.of(self.embeddings, [*new, *self.new_training_operators])
        codes = [CODES[name] for name in self.training_operators]
        codes += range(len(NAMES) + len(new), len(known.vectors))
        count = len(next(iter(self.states.values())))
        found = []
        for seed in range(count):
            network = open_network(known, self.settings, codes)
            try:
                network.load_state_dict({name: e[seed] for name, e in self.states.items()})
            except RuntimeError as error:
                reason = " ".join(str(error).split())
                raise CorruptTableError(f"weights of another network: {reason}") from error
            found.append(tgnas.Predictor(network, self.settings))
        return tuple(found)


@dataclass(frozen=True, eq=False)
class Pretrained:
    """An ensemble over seeds: one configuration, trained several times.

    Attributes:
        name: the name or path that it was loaded by.
        card: what it was trained on and how it ranks.
        weights: what training left behind.
        members: the predictor of each seed.
    """

    name: str
    card: dict[str, Any]
    weights: Weights
    members: tuple[tgnas.Predictor, ...]
    _with_new: dict[tuple[NewOperator, ...], tuple[tgnas.Predictor, ...]] = field(
        default_factory=dict, repr=False
    )

    def score(
        self,
        architectures: Architectures | Sequence[Architecture],
        space: str | Path | Space = "",
        threads: int = 1,
    ) -> Float64[np.ndarray, " N"]:
        """Return the mean score of the members for each architecture; higher is better.

        The scale is that of the card's target: a rank among the training cells, or an accuracy
        as a fraction. Only the order means something in another space.

        Args:
            architectures: parsed ones, strings as the space writes them, or JSON objects.
            space: a built-in space's name, the path of a space file, or a space; needed for all
                but parsed architectures without new operators.
            threads: how many work at once.

        Raises:
            UnknownNameError: there is no such space, or an operator that the space does not have.
            InvalidCellError: what is no architecture of the space.
            ConfigError: a space file that defines no space, or no space where one is needed.
        """
        return self.scores(architectures, space, threads).mean(axis=0)

    def spread(
        self,
        architectures: Architectures | Sequence[Architecture],
        space: str | Path | Space = "",
        threads: int = 1,
    ) -> Float64[np.ndarray, " N"]:
        """Return the standard deviation of the members' scores for each architecture."""
        return spread_of(self.scores(architectures, space, threads))

    def scores(
        self,
        architectures: Architectures | Sequence[Architecture],
        space: str | Path | Space = "",
        threads: int = 1,
    ) -> Float64[np.ndarray, "S N"]:
        """Return every member's score of each architecture; arguments as in ``score``."""
        if space == "":
            if not isinstance(architectures, Architectures):
                raise ConfigError("architectures that are not parsed need a space")
            return self._rows(self.members, architectures, threads)
        opened = open_space(space)
        if not isinstance(architectures, Architectures):
            architectures = opened.architectures(architectures)
        return self._rows(self.members_for(opened), architectures, threads)

    def members_for(self, space: Space) -> tuple[tgnas.Predictor, ...]:
        """Return the members, which know a space's new operators; errors as in ``Weights``."""
        if not space.new:
            return self.members
        if space.new not in self._with_new:
            self._with_new[space.new] = self.weights.members(space.new)
        return self._with_new[space.new]

    @staticmethod
    def _rows(
        members: Sequence[tgnas.Predictor], architectures: Architectures, threads: int
    ) -> Float64[np.ndarray, "S N"]:
        rows = tgnas.scores_of(members, architectures.cells, threads)
        return architectures.mean_over_cells(rows)


def spread_of(scores: Float64[np.ndarray, "S N"]) -> Float64[np.ndarray, " N"]:
    """Return the standard deviation over members; NaN where there is but one."""
    if len(scores) < 2:
        return np.full(scores.shape[1], np.nan)
    return scores.std(axis=0, ddof=1)


def load_pretrained(name: str | Path = RECOMMENDED, folder: Path | None = None) -> Pretrained:
    """Return a trained predictor.

    Args:
        name: canonical (ours, from NAS-Bench-101 alone), canonical_mean (our second
            configuration), code (the authors' configuration), darts (ours, from NAS-Bench-101 and
            NAS-Bench-201), or the path of a weights file.
        folder: where the package's predictors are; its own by default.

    Raises:
        UnknownNameError: there is none of that name.
        CorruptTableError: a file is missing or damaged.
    """
    folder = folder or _own_folder()
    own = str(name).endswith(SUFFIX)
    if not own and name not in available(folder):
        known = [*available(folder), f"a path that ends in {SUFFIX}"]
        raise UnknownNameError("predictor", str(name), known)
    path = Path(name) if own else folder / f"{name}{SUFFIX}"
    about, states = _read_file(path)
    try:
        card = about["card"] if own else read_card(folder, str(name))
        vectors = OperatorEmbeddings.read(folder / f"{card['settings']['embedding']}.parquet")
        new = tuple(
            NewOperator(text, tuple(n)) for text, n in about.get("new_training_operators", ())
        )
        weights = Weights(
            _settings(about["settings"]), tuple(about["training_operators"]), new, states, vectors
        )
        members = weights.members()
    except (LookupError, TypeError, ValueError) as error:
        raise CorruptTableError(f"{path} holds no predictor: {error}") from error
    if len(members) != len(card["seeds"]):
        raise CorruptTableError(
            f"{path} holds {len(members)} seeds and its card names {len(card['seeds'])}"
        )
    return Pretrained(str(name), card, weights, members)


def save_pretrained(path: Path, weights: Weights, card: dict[str, Any]) -> None:
    """Write a weights file that ``load_pretrained`` reads; it appears only when it is whole."""
    about = {
        "settings": asdict(weights.settings),
        "training_operators": weights.training_operators,
        "new_training_operators": [
            [op.description, op.attributes] for op in weights.new_training_operators
        ],
        "card": card,
    }
    with written_whole(path) as part:
        save_file(dict(weights.states), part, {"predictor": json.dumps(about)})


def _read_file(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["predictor"])
            return about, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, LookupError, TypeError, ValueError, OSError) as error:
        raise CorruptTableError(f"{path} is not a file of weights: {error}") from error


def _settings(stored: dict[str, Any]) -> tgnas.Settings:
    parts = {
        "optimisation": Optimisation(**stored["optimisation"]),
        "shape": Shape(**stored["shape"]),
        "operator_attributes": tuple(stored["operator_attributes"]),
    }
    return tgnas.Settings(**(stored | parts))


def available(folder: Path | None = None) -> list[str]:
    """Return the names of the predictors that come with the package."""
    return sorted(path.stem for path in (folder or _own_folder()).glob(f"*{SUFFIX}"))


def read_card(folder: Path | None, name: str) -> dict[str, Any]:
    """Return the card of a predictor that comes with the package.

    Raises:
        CorruptTableError: it is missing or no card.
    """
    path = (folder or _own_folder()) / f"{name}.json"
    try:
        card = json.loads(path.read_text())
        card["settings"]["embedding"], card["seeds"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CorruptTableError(f"{path} is not the card of a predictor: {error}") from error
    return card


def own_embeddings(name: str) -> OperatorEmbeddings:
    """Return sentence vectors of the vocabulary that come with the package.

    Raises:
        CorruptTableError: there are none of that name.
    """
    return OperatorEmbeddings.read(_own_folder() / f"{name}.parquet")


def _own_folder() -> Path:
    return Path(str(resources.files("tgnas"))) / "weights"
