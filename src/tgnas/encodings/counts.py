"""What can be counted of every architecture of any space: the baselines of every predictor.

``COUNTS`` are in the order of tables. A count that is the same for all architectures of a space
says nothing there; ``counts_of`` returns none of those, nor any that a space does not have.
"""

from types import MappingProxyType

import numpy as np
from jaxtyping import Float64

from tgnas.costs.layers import layers_of
from tgnas.costs.operators import attribute, attribute_table
from tgnas.encodings.canonical import canonicalise
from tgnas.encodings.live import live_pattern
from tgnas.operators import CODES, PADDING
from tgnas.spaces.architectures import Architectures

COUNTS = MappingProxyType(
    {
        "params": "#params",
        "flops": "FLOPs",
        "effective_params": "effective #params",
        "convolutions": "conv layers",
        "paths": "paths",
        "log_channels": "sum of log channels",
        "width": "width",
        "depth": "depth",
    }
)


def counts_of(architectures: Architectures) -> dict[str, Float64[np.ndarray, " N"]]:
    """Return every count that varies, by its name in ``COUNTS``.

    Parameters and FLOPs are those that architectures bring along, where they do.

    Raises:
        ConfigError: the networks do not read images.
    """
    layers, live = layers_of(architectures), live_pattern(architectures)
    counted = {
        "params": layers.all_parameters,
        "flops": layers.all_flops,
        "effective_params": layers_of(live).all_parameters,
        "convolutions": convolutions(live),
        "paths": architectures.mean_over_cells(paths(architectures)),
        "log_channels": (np.log(np.maximum(layers.width, 1)) * layers.repeats).sum(axis=1),
    } | {name: values.astype(float) for name, values in architectures.attributes.items()}
    return {name: counted[name] for name in COUNTS if name in counted and np.ptp(counted[name])}


def convolutions(architectures: Architectures) -> Float64[np.ndarray, " N"]:
    """Return the layers with weights of each architecture: of its cells, by their shares."""
    table = attribute_table(architectures)
    layers = (attribute(table, "weights") + attribute(table, "channel_weights") > 0) * np.maximum(
        attribute(table, "repeats"), 1
    )
    depth = architectures.attributes.get("depth", 1.0)
    codes = architectures.cells.operators
    return architectures.mean_over_cells(layers[codes].sum(axis=1)) * depth


def paths(architectures: Architectures) -> Float64[np.ndarray, " cells"]:
    """Return the number of paths from the inputs to the output of each cell's canonical graph."""
    operators, edges = canonicalise(architectures.cells)
    reached = (operators == CODES["input"]).astype(float)
    for vertex in range(1, operators.shape[1]):
        reached[:, vertex] += (reached[:, :vertex] * edges[:, :vertex, vertex]).sum(axis=1)
    last = (operators != PADDING).sum(axis=1) - 1
    return reached[np.arange(len(reached)), last]
