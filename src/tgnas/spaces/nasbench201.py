"""NAS-Bench-201 (Dong and Yang, ICLR 2020): 4 vertices, 6 edges, 5 operators, 15,625 members.

An architecture string lists, vertex by vertex, the operator of every incoming edge::

    |nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|

``nasbench201.yaml`` defines the space, which is the topology space of NATS-Bench too. Its cell is
the line graph of the authors' code (YeQiao/TG-NAS): vertices are input, the edges 0->1, 0->2,
1->2, 0->3, 1->3, 2->3, and output; an operator receives from all that end in its source vertex.
"""

import ast
from collections.abc import Iterable

import numpy as np

from tgnas.spaces.architectures import Architectures
from tgnas.spaces.notations.edges import NASLIB_OPERATORS
from tgnas.spaces.space import built_in

SPACE = built_in("nasbench201")
CHANNELS = SPACE.network.width  # C of the benchmark
STAGES = 3
REPEATS = 5  # N of the benchmark: cells in a stage
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))  # as operators stand in the string
# The cell that is a residual block: its input beside two convolutions, one after the other.
RESIDUAL_BLOCK = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"


def of_naslib(texts: Iterable[str]) -> Architectures:
    """Return the architectures of NASLib's texts: tuples of the numbers of six operators."""
    numbers = np.array([ast.literal_eval(text) for text in texts])
    place = np.array([list(SPACE.operators).index(name) for name in NASLIB_OPERATORS])
    return SPACE.of_choices(place[numbers][:, [sorted(EDGES).index(edge) for edge in EDGES]])
