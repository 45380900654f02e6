"""The number of trainable weights: the trivial baseline that every proxy must beat."""

import numpy as np
from jaxtyping import Float64

from tgnas.costs.layers import count_parameters
from tgnas.datasets import dataset_facts
from tgnas.methods.card import Card
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import in_space

CARD = Card(title="#params", reference="counted analytically", needs="nothing")


def score(
    architectures: Architectures, *, space: str, dataset: str, generator: np.random.Generator
) -> Float64[np.ndarray, " N"]:
    """Return the parameters of every architecture's network, dead operators included."""
    del generator  # deterministic
    classes = dataset_facts(dataset).classes if dataset else None
    return count_parameters(in_space(architectures, space), classes).astype(float)
