"""A task of text: the next word of the Declaration of Independence.

The text (United States, 1776; public domain) comes with the package, so that scores of untrained
networks need no download; it was chosen before any score was looked at, and no other was tried. Its
words and marks, in small letters, are numbered from 1 by how often they occur, the first of equals
first; 0 is padding. Their embeddings are random, so that of a text only its repetitions count.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import resources

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

from tgnas.errors import ConfigError

_TOKEN = re.compile(r"[a-z'-]+|[.,;:]")


@cache
def declaration() -> Int64[np.ndarray, " N"]:
    """Return the tokens of the whole text, in its order."""
    text = (resources.files("tgnas.text") / "declaration.txt").read_text(encoding="utf-8")
    words = _TOKEN.findall(text.lower())
    numbers = {word: i for i, (word, _) in enumerate(Counter(words).most_common(), start=1)}
    tokens = np.array([numbers[word] for word in words], dtype=np.int64)
    tokens.flags.writeable = False
    return tokens


class NextWord:
    """Rows of so many words, each with the word behind it as the target.

    The text is cut into rows one after another; the last tenth of them is for testing.

    Raises:
        ConfigError: the text has not ten such rows.
    """

    def __init__(self, steps: int) -> None:
        tokens = declaration()
        count = (len(tokens) - 1) // steps
        if count < 10:
            raise ConfigError(
                f"rows of {steps} words: the text has {len(tokens):,}, ten are needed"
            )
        self._inputs = tokens[: count * steps].reshape(count, steps)
        self._targets = tokens[1 : count * steps + 1].reshape(count, steps)
        self._training = count - max(1, count // 10)

    def train_batches(
        self, seed: int, epoch: int, batch: int
    ) -> Iterator[tuple[Int64[Tensor, "B T"], Int64[Tensor, "B T"]]]:
        """Yield the inputs and targets of an epoch, a function of its seed and number."""
        order = np.random.default_rng([seed, epoch]).permutation(self._training)
        for start in range(0, len(order), batch):
            yield self._rows(order[start : start + batch])

    def test_batches(self) -> Iterator[tuple[Int64[Tensor, "B T"], Int64[Tensor, "B T"]]]:
        """Yield the rows that are kept for testing, as one batch."""
        yield self._rows(np.arange(self._training, len(self._inputs)))

    def loss(
        self, outputs: Float[Tensor, "B T W"], targets: Int64[Tensor, "B T"], /
    ) -> Float[Tensor, ""]:
        """Return the mean cross entropy of each next word."""
        return functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())

    def _rows(self, places: Int64[np.ndarray, " B"]) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(self._inputs[places]), torch.from_numpy(self._targets[places])
