"""Predictors that are asked while a search runs: as its scorer, or as a surrogate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.methods.light_contracts import Scorer
from tgnas.methods.trained import load, own_settings, train
from tgnas.search.oracles import Source, predicted
from tgnas.training.splits import TrainingSet


def sources(weights: Iterable[Path], embeddings: Path, threads: int) -> list[Source]:
    """Return the source of each seed: the predictor of the last epoch of its weights file."""
    torch.set_num_threads(threads)
    vectors = OperatorEmbeddings.read(embeddings)
    members = (load(path, vectors)[-1:].ensemble().members[0] for path in weights)
    return [predicted(member.score) for member in members]


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A predictor that is fitted on what a searcher has queried.

    Attributes:
        method: a file of ``tgnas.methods.predictors``.
        settings: its Settings.
        embeddings: the vocabulary's sentence vectors.
    """

    method: str
    settings: Any
    embeddings: OperatorEmbeddings

    def fit(self, observed: TrainingSet, generator: np.random.Generator) -> Scorer:
        """Return the fitted predictor; its seed is drawn."""
        seed = int(generator.integers(1 << 31))
        trained, _ = train(self.method, [observed], self.settings, self.embeddings, seed)
        return trained[-1:].ensemble().members[0]


def surrogates(
    rows: Mapping[str, Mapping[str, Any]], embeddings: Iterable[Path]
) -> dict[str, Surrogate]:
    """Return the surrogate of each searcher.

    Args:
        rows: searcher -> an entry of the config's ``predictors``.
        embeddings: files of sentence vectors; the name of each is that of the embedding.
    """
    vectors = {path.stem: path for path in embeddings}
    return {
        searcher: Surrogate(
            row["method"], own_settings(row), OperatorEmbeddings.read(vectors[row["embedding"]])
        )
        for searcher, row in rows.items()
    }
