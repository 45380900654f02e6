"""What each operator of a cell holds and does at each place of its network.

Operators alone count, as they stand in a cell that keeps its shape or, of a genotype, reduces it;
links, projections and what maps a cell's inputs do not (``layers`` counts all).
"""

import numpy as np
from jaxtyping import Float64

from tgnas.costs.cells import vertex_channels
from tgnas.costs.genotypes import REDUCTION
from tgnas.costs.layers import layers_of
from tgnas.costs.operators import Coefficients, attribute_table, coefficients, work_at_width
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import Skeleton

Costs = Float64[np.ndarray, "N L V"]


def vertex_costs(architectures: Architectures) -> tuple[Costs, Costs]:
    """Return parameters and multiply-adds of each vertex in each layer, of all its repeats.

    Layers are those of ``layers_of``. Where a layer is a block of a sequence, V is 1; of cells it
    is the number of their vertices, and what a cell does not have is 0. Dead operators count;
    ``live_pattern`` takes them away.

    Raises:
        ConfigError: the networks do not read images.
    """
    layers = layers_of(architectures, counting="multiply_adds")
    if (layers.cell < 0).any():
        return layers.parameters[:, :, None], layers.flops[:, :, None]
    skeleton = architectures.skeleton or Skeleton("operators_on_edges")
    table, count = attribute_table(architectures), architectures.cells_per_architecture
    keys, parameters, done = skeleton.keys, [], []
    kept, halved = (coefficients(table, stride, keys.scale) for stride in (1, REDUCTION))
    for row, kind in enumerate(layers.cell):
        cells = architectures.cells[kind::count]
        width, side = layers.width[:, row], layers.side[:, row, None]
        adjacency, channels = cells.adjacency(), width[:, None]
        if keys.concatenated:
            channels = vertex_channels(adjacency, cells.sizes, width, width)
        strided = (layers.stride[:, row, None] > 1) & (skeleton.form == "genotype")
        halves = strided & np.any(adjacency[:, : skeleton.inputs], axis=1)
        pairs = zip(halved, kept, strict=True)
        terms = Coefficients(
            *(np.where(halves, two[cells.operators], one[cells.operators]) for two, one in pairs)
        )
        work = work_at_width(terms, channels, side, keys.scale).times(layers.repeats[:, row, None])
        parameters.append(work.parameters)
        done.append(work.multiply_adds)
    return np.stack(parameters, axis=1), np.stack(done, axis=1)
