"""Multiply-adds of one forward pass, in millions, dead operators included."""

import numpy as np
from jaxtyping import Float64

from tgnas.costs.layers import count_flops
from tgnas.datasets import dataset_facts
from tgnas.methods.card import Card
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import in_space

CARD = Card(
    title="FLOPs", reference="counted analytically as NAS-Bench-Suite-Zero does", needs="nothing"
)


def score(
    architectures: Architectures, *, space: str, dataset: str, generator: np.random.Generator
) -> Float64[np.ndarray, " N"]:
    """Return the millions of multiply-adds of every architecture's network."""
    del generator  # deterministic
    facts = dataset_facts(dataset) if dataset else None
    size = (facts.classes, facts.image_size) if facts else ()
    return count_flops(in_space(architectures, space), *size)
