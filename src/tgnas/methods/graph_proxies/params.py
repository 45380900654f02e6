"""The number of trainable weights: the trivial baseline that every proxy must beat."""

import numpy as np
from jaxtyping import Float64

from tgnas.datasets import dataset_facts
from tgnas.methods.card import Card
from tgnas.registry import COSTS
from tgnas.spaces.architectures import Architectures

CARD = Card(title="#params", reference="counted analytically", needs="nothing")


def score(
    architectures: Architectures, *, space: str, dataset: str, generator: np.random.Generator
) -> Float64[np.ndarray, " N"]:
    """Return the parameters of every architecture's network, dead operators included."""
    del generator  # deterministic
    classes = dataset_facts(dataset).classes
    return COSTS.module(space).count_parameters(architectures, classes).astype(float)
