"""Scores of cells that read no label, and labels that hold some of them beside the accuracy."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float64

from tgnas.registry import BENCHMARKS, GRAPH_PROXIES
from tgnas.spaces.architectures import Architectures
from tgnas.training.ranks import mean_rank


def cell_scores(
    proxy: str,
    architectures: Architectures,
    benchmark: str,
    *,
    dataset: str = "cifar10",
    seed: int = 0,
) -> Float64[np.ndarray, " N"]:
    """Return the scores that a proxy of cells gives; no label takes part.

    Args:
        proxy: a file of ``tgnas.methods.graph_proxies``.
        architectures: what is scored.
        benchmark: whose they are; it knows the space.
        dataset: sizes the classifier, which all architectures share.
        seed: for what draws.
    """
    space = BENCHMARKS.module(benchmark).SPACE.name
    generator = np.random.default_rng(seed)
    score = GRAPH_PROXIES.load(proxy)
    return score(architectures, space=space, dataset=dataset, generator=generator)


def with_auxiliary_targets(
    accuracies: Float64[np.ndarray, " N"],
    architectures: Architectures,
    benchmark: str,
    auxiliary_targets: Mapping[str, float | int],
) -> Float64[np.ndarray, " N"]:
    """Return what a predictor learns where it is to learn more than accuracies.

    The mean rank of the accuracy, with the weight 1, and of scores that read no label, so that
    what holds in every space has its part in the label; the accuracies where there are no
    auxiliary targets.

    Args:
        accuracies: of the training architectures, in percent.
        architectures: those.
        benchmark: whose they are.
        auxiliary_targets: a proxy of cells -> its weight.
    """
    if not auxiliary_targets:
        return accuracies
    members = [
        accuracies[None],
        *(cell_scores(name, architectures, benchmark)[None] for name in auxiliary_targets),
    ]
    return mean_rank(members, over_seeds=False, weights=[1, *auxiliary_targets.values()])[0]
