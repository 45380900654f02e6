"""The number of weights that can change the output: the strongest trivial baseline.

An operator that lies on no path from input to output, or only on ones that a zero operator cuts,
does not count (``encodings.live``).
"""

import numpy as np
from jaxtyping import Float64

from tgnas.encodings.live import live_pattern
from tgnas.methods.card import Card
from tgnas.methods.graph_proxies import params
from tgnas.spaces.architectures import Architectures

CARD = Card(title="effective #params", reference="counted analytically", needs="nothing")


def score(
    architectures: Architectures, *, space: str, dataset: str, generator: np.random.Generator
) -> Float64[np.ndarray, " N"]:
    """Return the parameters of every architecture's live operators."""
    live = live_pattern(architectures)
    return params.score(live, space=space, dataset=dataset, generator=generator)
