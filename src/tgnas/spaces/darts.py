"""The DARTS search space (Liu et al., ICLR 2019): a normal and a reduction cell, 7 operators.

An architecture is a genotype, written as Python prints the authors' named tuple::

    Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ...], normal_concat=[2, 3, 4, 5],
             reduce=[...], reduce_concat=[2, 3, 4, 5])

In each cell nodes 0 and 1 are the two cells before; each of the nodes 2 to 5 adds what two
operators make of two different nodes before it. The 8 pairs (operator, the node it takes from)
stand in order of the node they end in, and the cell's output is the concatenation of nodes 2 to 5.

``darts.yaml`` defines the space. The cell that others see is the line graph of the authors' code
(YeQiao/TG-NAS), 11 vertices: "input" twice, the 8 operators in the genotype's order, "output". An
operator that takes from a node receives from that input, or from the two operators that end in
that node; all 8 feed the output.

Searchers see 24 decisions, three for each node of the normal cell, then of the reduction cell: the
pair of nodes that it takes from, the operator on the lower one, the operator on the higher one.
Every combination is an architecture, and no two are the same genotype: (180 x 7^8)^2 of them.
"""

from collections.abc import Sequence

from tgnas.cell import Cell
from tgnas.spaces.architectures import of_cells
from tgnas.spaces.space import built_in

SPACE = built_in("darts")
NODES = 4  # computed in each cell, each from two pairs
CHANNELS = SPACE.network.width  # of NAS-Bench-301
LAYERS = 8  # cells in the networks of NAS-Bench-301, two of them reductions
STEM = 3  # channels of the stem, in units of those of the first cells

Pairs = Sequence[tuple[str, int]]


def genotype(normal: Pairs, reduction: Pairs) -> str:
    """Return the text of a genotype."""
    return SPACE.form.text_of({"normal": normal, "reduce": reduction})


def pairs_of_cell(cell: Cell) -> Pairs:
    """Return the 8 pairs of one cell.

    Raises:
        InvalidCellError: the cell is not in this search space.
    """
    both = of_cells(cell, cell, cell_weights=SPACE.cell_weights)
    return pairs_of(SPACE.format(both)[0])[0]


def pairs_of(architecture: str) -> tuple[Pairs, Pairs]:
    """Return the pairs of the normal and of the reduction cell; errors as ``SPACE.parse``."""
    member = SPACE.object_of(architecture)
    normal, reduction = ([(name, node) for name, node in member[k]] for k in ("normal", "reduce"))
    return normal, reduction
