"""What people want to see of one architecture or of a space's operators."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tgnas.costs.layers import MILLION, count_parameters, layers_of
from tgnas.encodings.canonical import canonicalise
from tgnas.errors import number_of
from tgnas.operators import PADDING
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import GRAPH_LAYERS, ON_TOKENS
from tgnas.spaces.space import Space

Drawing = tuple[list[str], np.ndarray]  # names of V vertices, and how often j takes what i puts out


@dataclass(frozen=True, eq=False)
class Summary:
    """An architecture for people."""

    text: str  # the space's own string
    object: dict[str, Any]  # the same for JSON
    graphs: Mapping[str, Drawing]  # title -> the graph, and the canonical graph, of each cell
    sizes: Mapping[str, str]  # of its network, where a built-in space has one


def summary_of(architecture: str, space: Space) -> Summary:
    """Return the summary of an architecture.

    Raises:
        InvalidCellError: it is not an architecture of the space.
        UnknownInDataError: it has an operator that the space does not have.
    """
    parsed = space.parse(architecture)
    cells = parsed.cells
    graphs = canonicalise(cells)
    drawings = {}
    for row in range(len(cells)):
        kind = f" of cell {row + 1} of {len(cells)}" if len(cells) > 1 else ""
        for title, operators, edges in (
            (f"graph{kind}", cells.operators[row], cells.adjacency()[row].astype(int)),
            (f"canonical graph{kind}", graphs.operators[row], graphs.edges[row]),
        ):
            size = int((operators != PADDING).sum())
            names = [space.name_of(int(code)) for code in operators[:size]]
            drawings[title] = (names, edges[:size, :size])
    text, sizes = space.format(parsed)[0], _sizes_of(space, parsed)
    return Summary(text, space.object_of(architecture), drawings, sizes)


def _sizes_of(space: Space, architecture: Architectures) -> dict[str, str]:
    if architecture.skeleton is None or architecture.skeleton.form == GRAPH_LAYERS:
        return {}
    if architecture.skeleton.form in ON_TOKENS:
        return {"parameters": f"{int(count_parameters(architecture)[0]):,}, embeddings included"}
    keys, layers = space.network, layers_of(architecture)
    [side] = architecture.attributes.get("resolution", np.array([keys.image])).astype(int)
    about = f"({number_of(keys.classes, 'class')}, images of {number_of(side, 'pixel')})"
    return {
        "parameters": f"{int(layers.all_parameters[0]):,} {about}",
        "FLOPs": f"{layers.all_flops[0] / MILLION:,.2f} million {about}",
    }


def example_of(space: Space) -> str:
    """Return an architecture of a space; a ConfigError says why none can be drawn."""
    return space.format(space.sample(1, np.random.default_rng(0)))[0]
