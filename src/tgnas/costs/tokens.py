"""Parameters of networks on tokens: recurrent cells in three layers, and transformer encoders.

Recurrent (``spaces.nasbench_nlp``): an embedding of words that the decoder shares, the decoder's
bias, and three layers of 600, 600 and 400 units. A linear node has a matrix for each node that it
takes, and one bias. Exact on all 14,322 recipes of NAS-Bench-NLP.

Transformer (``spaces.flexibert``): ELECTRA's embeddings of 30,522 tokens, 512 places and 2 kinds of
segments at 128 channels, projected where the hidden size is another, and the layers. Exact on the
500 counts that Serianni and Kalita stored, which are those of hidden size 256 and feed-forward
networks of 1,024 units, whatever the architecture says: ``fixed`` counts those.
"""

from itertools import pairwise

import numpy as np
from jaxtyping import Int64

from tgnas.spaces import flexibert, nasbench_nlp
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import RECURRENT

TOKENS, PLACES, SEGMENTS, EMBEDDED = 30_522, 512, 2, 128
FIXED = (256, 1024)  # hidden size and feed-forward width of the stored counts


def parameters_on_tokens(
    architectures: Architectures, *, fixed: bool = False
) -> Int64[np.ndarray, " N"]:
    """Return the trainable parameters of each network; `fixed` as the module says."""
    if architectures.skeleton is not None and architectures.skeleton.form == RECURRENT:
        return _recurrent(architectures)
    return _transformer(architectures, fixed)


def _recurrent(architectures: Architectures) -> Int64[np.ndarray, " N"]:
    cells = architectures.cells
    linear = cells.operators == nasbench_nlp.FORM.alphabet.codes[nasbench_nlp.LINEAR]
    into_linear = cells.adjacency() & linear[:, None, :]
    tokens = into_linear[:, 0].sum(axis=1)
    states, nodes = into_linear[:, 1:].sum(axis=(1, 2)), linear.sum(axis=1)
    embedding, hidden = nasbench_nlp.EMBEDDING, nasbench_nlp.HIDDEN
    total = np.full(len(cells), nasbench_nlp.WORDS * (embedding + 1), dtype=np.int64)
    sizes = [embedding, *[hidden] * (nasbench_nlp.LAYERS - 1), embedding]
    for inputs, outputs in pairwise(sizes):
        total += outputs * (tokens * inputs + states * outputs + nodes)
    return total


def _transformer(architectures: Architectures, fixed: bool) -> Int64[np.ndarray, " N"]:
    hidden = architectures.attributes["width"].astype(np.int64)
    if fixed:
        hidden = np.full_like(hidden, FIXED[0])
    norm = 2 * EMBEDDED
    total = (TOKENS + PLACES + SEGMENTS) * EMBEDDED + norm
    total = total + (hidden != EMBEDDED) * (EMBEDDED * hidden + hidden)
    operators = architectures.cells.operators
    for name, code in flexibert.FORM.alphabet.codes.items():
        count = (operators == code).sum(axis=1)
        total = total + count * _of_operator(name, hidden, fixed)
    return total


def _of_operator(
    name: str, hidden: Int64[np.ndarray, " N"], fixed: bool
) -> Int64[np.ndarray, " N"]:
    """Return the parameters of one operator, with its output layer and normalisation."""
    dense = hidden**2 + hidden
    closing = dense + 2 * hidden
    if name in flexibert.FEEDS:
        width, layers = (int(part) for part in name.split("x"))
        width = FIXED[1] if fixed else width
        inner = (layers - 1) * (width**2 + width)
        return hidden * width + width + inner + width * hidden + hidden + 2 * hidden
    kind, _, heads = name.rpartition("-")
    if kind.startswith("LT"):
        return dense
    if kind.startswith("SA"):
        return 3 * dense + (kind == "SA-WMA") * hidden**2 + closing
    kernel, own = int(kind.partition("-")[2]), max(1, int(heads) // 2)
    half = own * (hidden // int(heads))
    projections = 4 * (hidden * half + half)
    separable = hidden * kernel + hidden * half + half
    return projections + separable + half * own * kernel + own * kernel + closing
