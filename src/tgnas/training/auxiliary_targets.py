"""Auxiliary targets: scores that read no label have their part in the label beside the accuracy."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from tgnas.registry import GRAPH_PROXIES
from tgnas.spaces.architectures import Architectures
from tgnas.training.ranks import mean_rank
from tgnas.training.splits import TrainingSet


def graph_scores(
    proxy: str, architectures: Architectures, space: str, *, dataset: str = "cifar10", seed: int = 0
) -> Float64[np.ndarray, " N"]:
    """Return the scores of a graph proxy; no label takes part.

    Args:
        proxy: a file of ``tgnas.methods.graph_proxies``.
        architectures: what is scored.
        space: a built-in space's name.
        dataset: sizes the classifier, which all architectures share.
        seed: random seed, for proxies that draw.
    """
    generator = np.random.default_rng(seed)
    score = GRAPH_PROXIES.load(proxy)
    return score(architectures, space=space, dataset=dataset, generator=generator)


def with_auxiliary_targets(
    source: TrainingSet, auxiliary_targets: Mapping[str, float | int]
) -> TrainingSet:
    """Return a source with the mean rank of its labels, of weight 1, and of scores as its labels.

    What holds in every space has its part in the label so; without auxiliary targets the labels
    stay as they are.

    Args:
        source: architectures with accuracies in percent.
        auxiliary_targets: graph proxy -> its weight.
    """
    if not auxiliary_targets:
        return source
    scores = [graph_scores(p, source.architectures, source.space) for p in auxiliary_targets]
    members = [labels[None] for labels in (source.labels, *scores)]
    weights = [1, *auxiliary_targets.values()]
    return replace(source, labels=mean_rank(members, over_seeds=False, weights=weights)[0])
