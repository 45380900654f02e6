"""Predictors that come with the package: trained, described by a card, loaded without a network.

The folder ``weights`` holds for each of them a file of weights (half precision; one entry per
seed), its card (JSON) and, shared by all, the operators' sentence vectors. The workflow's rule
``ship_weights`` writes them from its own results.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from tgnas.cell import Cells
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.errors import CorruptTableError, UnknownNameError
from tgnas.methods.predictors import tgnas
from tgnas.registry import SPACES

RECOMMENDED = "canonical"


@dataclass(frozen=True, eq=False)
class Pretrained:
    """An ensemble over seeds: one configuration, trained several times.

    Attributes:
        name: the name it was loaded by.
        card: what it was trained on and how it ranks.
        members: the predictor of each seed.
    """

    name: str
    card: dict[str, Any]
    members: tuple[tgnas.Predictor, ...]

    def score(
        self, architectures: Cells | Sequence[str], space: str = "", threads: int = 1
    ) -> Float64[np.ndarray, " N"]:
        """Return the mean score of the members for each architecture; higher is better.

        The scale is that of the card's target: a rank among the training cells, or an accuracy
        as a fraction. Only the order means something in another space.

        Args:
            architectures: packed cells, or strings as the space writes them.
            space: a file of ``tgnas.spaces``; needed for strings, and for cells of a space whose
                architectures have several.
            threads: how many work at once.

        Raises:
            UnknownNameError: there is no such space.
            InvalidCellError: a string is no architecture of the space.
        """
        return self.scores(architectures, space, threads).mean(axis=0)

    def spread(
        self, architectures: Cells | Sequence[str], space: str = "", threads: int = 1
    ) -> Float64[np.ndarray, " N"]:
        """Return the standard deviation of the members' scores for each architecture."""
        return self.scores(architectures, space, threads).std(axis=0, ddof=1)

    def scores(
        self, architectures: Cells | Sequence[str], space: str = "", threads: int = 1
    ) -> Float64[np.ndarray, "S N"]:
        """Return every member's score of each architecture; arguments as in ``score``."""
        shares = SPACES.load(space).shares if space else (1.0,)
        if isinstance(architectures, Cells):
            cells = architectures
        else:
            cells = SPACES.load(space).cells(architectures)
        rows = np.stack([member.predict(cells, threads) for member in self.members])
        return rows.reshape(len(rows), -1, len(shares)) @ np.array(shares)


def load_pretrained(name: str = RECOMMENDED, folder: Path | None = None) -> Pretrained:
    """Return a predictor that comes with the package.

    Args:
        name: canonical (ours, from NAS-Bench-101 alone), canonical_mean (our second
            configuration), code (the authors' configuration) or darts (ours, from NAS-Bench-101
            and NAS-Bench-201).
        folder: where the weights are; the package's own by default.

    Raises:
        UnknownNameError: there is none of that name.
        CorruptTableError: a file is missing or damaged.
    """
    folder = folder or Path(str(resources.files("tgnas"))) / "weights"
    names = available(folder)
    if name not in names:
        raise UnknownNameError("pretrained predictor", name, names)
    card = read_card(folder, name)
    vectors = OperatorEmbeddings.read(folder / f"{card['settings']['embedding']}.parquet")
    weights = folder / f"{name}.safetensors"
    return Pretrained(name, card, tuple(_members(weights, vectors, len(card["seeds"]))))


def available(folder: Path | None = None) -> list[str]:
    """Return the names of the predictors that come with the package."""
    folder = folder or Path(str(resources.files("tgnas"))) / "weights"
    return sorted(path.stem for path in folder.glob("*.safetensors"))


def read_card(folder: Path, name: str) -> dict[str, Any]:
    """Return the card of a predictor.

    Raises:
        CorruptTableError: it is missing or no card.
    """
    path = folder / f"{name}.json"
    try:
        card = json.loads(path.read_text())
        card["settings"]["embedding"], card["seeds"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CorruptTableError(f"{path} is not the card of a predictor: {error}") from error
    return card


def _members(weights: Path, vectors: OperatorEmbeddings, seeds: int) -> Iterator[tgnas.Predictor]:
    for seed in range(seeds):
        yield from tgnas.load_epochs(weights, vectors, slice(seed, seed + 1))
