"""FlexiBERT (Tuli et al., JAIR 2023): transformer encoders of 2 or 4 layers, each of its own kind.

The space that Serianni and Kalita (ACL 2023, section 4.2) trained 500 of: hidden size 128 or 256
(``width``), and for each layer how tokens are mixed, by how many heads, and the feed-forward
network's width and number of hidden layers. A string has one part for each layer::

    SA-WMA-4:1024x3|LT-DCT-2:512x1 width=256

SA is self-attention by the scaled dot product (SDP) or by weighted multiplication (WMA), LT a
linear transform (DFT, DCT), DSC a dynamic span convolution of kernel size 5 or 9.

The cell is the chain of all layers' two operators. Residual connections and layer normalisations
belong to the operators: as edges they would be the same for all, and paths would count them.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np

from tgnas.cell import Cells
from tgnas.errors import number_of, shown
from tgnas.operators import NAMES, OperatorAttributes
from tgnas.spaces.forms.base import INPUT, OUTPUT, Alphabet, Form, Graph
from tgnas.spaces.skeleton import TRANSFORMER
from tgnas.spaces.space import NewOperator, Space

LENGTHS, WIDTHS = (2, 4), (128, 256)
HEADS = (2, 4)
KINDS = MappingProxyType(
    {
        "SA-SDP": "Self-attention by the scaled dot product",
        "SA-WMA": "Self-attention by weighted multiplication",
        "LT-DFT": "Discrete Fourier transform of the sequence",
        "LT-DCT": "Discrete cosine transform of the sequence",
        "DSC-5": "Dynamic span convolution of kernel size 5",
        "DSC-9": "Dynamic span convolution of kernel size 9",
    }
)
# Weights for each pair of channels; half of a dynamic span convolution's channels are attention.
_WEIGHTS = {"SA-SDP": 4, "SA-WMA": 5, "LT-DFT": 1, "LT-DCT": 1, "DSC-5": 3.5, "DSC-9": 3.5}
FORWARD = tuple((width, layers) for width in (512, 1024) for layers in (1, 3))
REFERENCE = 256  # the hidden size that a feed-forward network's weights for each pair are told of
MIXERS = tuple(f"{kind}-{heads}" for kind, heads in product(KINDS, HEADS))
FEEDS = tuple(f"{width}x{layers}" for width, layers in FORWARD)


class Encoders(Form):
    """Chains of 2 or 4 layers, each of a mixer of tokens and a feed-forward network."""

    word = TRANSFORMER
    vertices = 2 * max(LENGTHS) + 2

    def __init__(self, alphabet: Alphabet) -> None:
        self.alphabet = alphabet
        codes = alphabet.codes
        self._mixers = np.array([codes[name] for name in MIXERS], dtype=np.uint8)
        self._feeds = np.array([codes[name] for name in FEEDS], dtype=np.uint8)

    def _codes(self, names: Sequence[str]) -> dict[str, int]:
        return {name: self.alphabet.codes[name] for name in names}

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"layers": [[MIXER, FEED_FORWARD], ...]}``."""
        layers = [part.split(":") for part in text.split("|")]
        if any(len(layer) != 2 for layer in layers):
            raise self.alphabet.refuse(
                f"{shown(text)} is not of the form 'MIXER-HEADS:WIDTHxLAYERS|...'"
            )
        return {"layers": layers}

    def text_of(self, member: Mapping[str, Any]) -> str:
        """Return the string."""
        return "|".join(":".join(layer) for layer in member["layers"])

    def graphs_of(self, member: Mapping[str, Any]) -> list[Graph]:
        """Return the chain."""
        self._fields(member, {"layers"}, {"layers"})
        layers = member["layers"]
        if not isinstance(layers, list) or not all(
            isinstance(layer, list | tuple) and [*map(type, layer)] == [str, str]
            for layer in layers
        ):
            raise self.alphabet.refuse(f"layers must be pairs of operators, not {shown(layers)}")
        if len(layers) not in LENGTHS:
            raise self.alphabet.refuse(f"{number_of(len(layers), 'layer')}; allowed are 2 and 4")
        parts = [Alphabet(self.alphabet.space, self._codes(names)) for names in (MIXERS, FEEDS)]
        codes = [
            part.code(name) for layer in layers for part, name in zip(parts, layer, strict=True)
        ]
        size = len(codes) + 1
        return [([INPUT, *codes, OUTPUT], [(i, i + 1) for i in range(size)])]

    def objects_of(self, cells: Cells) -> list[dict[str, Any]]:
        """Return the layers of each cell."""
        names, members = self.alphabet.names, []
        for codes, size in zip(cells.operators, cells.sizes, strict=True):
            inner = codes[1 : size - 1].tolist()
            if any(code not in names for code in inner):
                raise self.alphabet.refuse("a cell is not in this search space")
            spelled = [names[code] for code in inner]
            members.append({"layers": [spelled[i : i + 2] for i in range(0, len(spelled), 2)]})
        return members

    def sample(self, count: int, generator: np.random.Generator) -> Cells:
        """Return chains: 2 or 4 layers with the same chance, then each operator."""
        graphs: list[Graph] = []
        for _ in range(count):
            length = int(generator.choice(LENGTHS))
            layers = zip(
                generator.choice(MIXERS, length).tolist(),
                generator.choice(FEEDS, length).tolist(),
                strict=True,
            )
            graphs += self.graphs_of({"layers": [list(layer) for layer in layers]})
        return self.pack(graphs)

    def neighbours(self, cells: Cells) -> Cells:
        """Return all chains with another operator at one place."""
        codes, rows = cells.operators[0], []
        for vertex in range(1, int(cells.sizes[0]) - 1):
            group = self._mixers if vertex % 2 else self._feeds
            for code in group[group != codes[vertex]]:
                row = codes.copy()
                row[vertex] = code
                rows.append(row)
        operators = np.array(rows, dtype=np.uint8).reshape(-1, cells.vertices)
        return Cells(operators, np.repeat(cells.edges[:1], len(operators), axis=0))


def _operators() -> dict[str, NewOperator]:
    operators = {}
    for kind, heads in product(KINDS, HEADS):
        known = OperatorAttributes(weights=_WEIGHTS[kind], shortcut="plain")
        operators[f"{kind}-{heads}"] = NewOperator(
            f"{KINDS[kind]} with {heads} heads", known.numbers
        )
    for width, layers in FORWARD:
        share = width / REFERENCE
        known = OperatorAttributes(weights=2 * share + (layers - 1) * share**2, shortcut="plain")
        words = (
            f"Feed-forward network of {layers} hidden layer{'s' * (layers > 1)} of {width} units"
        )
        operators[f"{width}x{layers}"] = NewOperator(words, known.numbers)
    return operators


_NEW = _operators()
FORM = Encoders(
    Alphabet("flexibert", MappingProxyType({n: len(NAMES) + i for i, n in enumerate(_NEW)}))
)
SPACE = Space(
    "flexibert",
    "FlexiBERT (Tuli et al., JAIR 2023), transformer encoders as of Serianni and Kalita (ACL 2023)",
    FORM,
    tuple(_NEW.values()),
    options={"width": tuple(map(float, WIDTHS))},
)


def layers_of(member: Mapping[str, Any]) -> list[tuple[str, int, int, int]]:
    """Return kind, heads, feed-forward width and number of its hidden layers, for each layer."""
    rows = []
    for mixer, feed in member["layers"]:
        kind, _, heads = mixer.rpartition("-")
        width, _, layers = feed.partition("x")
        rows.append((kind, int(heads), int(width), int(layers)))
    return rows
