"""Predictors that are asked while a search runs: as its scorer, or as a surrogate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.methods.contracts import Context
from tgnas.methods.light_contracts import Scorer
from tgnas.methods.trained import codes_of, load, own_settings
from tgnas.registry import PREDICTORS
from tgnas.searching.oracles import Source, predicted
from tgnas.training.splits import TrainingSet


def sources(
    weights: Iterable[Path], embeddings: Path, threads: int, *, all_seeds: bool = False
) -> list[Source]:
    """Return the source of each seed.

    A file of a training holds a predictor for each epoch, of which the last is taken; one that is
    shipped (`all_seeds`) holds the last of every seed.
    """
    torch.set_num_threads(threads)
    vectors = OperatorEmbeddings.read(embeddings)
    read = (load(path, vectors) for path in weights)
    chosen = (held if all_seeds else held[-1:] for held in read)
    return [predicted(one.score) for held in chosen for one in held.ensemble().members]


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A predictor that is fitted on what a searcher has queried.

    Attributes:
        method: a file of ``tgnas.methods.predictors``.
        settings: its Settings.
        context: the operators' vectors, and what learning starts from.
    """

    method: str
    settings: Any
    context: Context

    def fit(self, observed: TrainingSet, generator: np.random.Generator) -> Scorer:
        """Return the fitted predictor; its seed is drawn."""
        seeded = torch.Generator().manual_seed(int(generator.integers(1 << 31)))
        context = self.context
        if not context.operators.training:
            codes = codes_of([observed], len(context.operators.vectors))
            context = replace(context, operators=replace(context.operators, training=tuple(codes)))
        module = PREDICTORS.module(self.method)
        return module.fit([observed], self.settings, context, seeded)


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
            row["method"],
            own_settings(row),
            Context(KnownOperators.of(OperatorEmbeddings.read(vectors[row["embedding"]]))),
        )
        for searcher, row in rows.items()
    }
