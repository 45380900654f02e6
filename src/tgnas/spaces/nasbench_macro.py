"""NAS-Bench-Macro (Su et al., CVPR 2021): 8 blocks in a chain, 3 operators, 6,561 members.

An architecture string gives each block's operator as a digit, from the image to the classifier::

    22212220

The cell is the chain input, 8 blocks, output. It does not say that blocks 1, 3 and 6 halve the
image and double the channels, where even the identity has a strided convolution. Within the rest
of a stage (block 2; 4 and 5; 7 and 8) a true identity changes nothing wherever it stands, so the
6,561 strings name 3,969 networks (``get_real_arch`` in xiusu/NAS-Bench-Macro, train/utils.py).
"""

from collections.abc import Sequence

import numpy as np

from tgnas.cell import Cell, Cells
from tgnas.errors import InvalidCellError, UnknownNameError
from tgnas.operators import CODES, spellings

BLOCKS = 8


class NasBenchMacro:
    """The NAS-Bench-Macro search space."""

    name = "nasbench_macro"
    shares = (1.0,)
    spelling = spellings("nasbench_macro")
    # In the order of their digits.
    operators = (
        "identity",
        "inverted_residual_3x3_expansion_3",
        "inverted_residual_5x5_expansion_6",
    )
    choices = (operators,) * BLOCKS
    graph = tuple((block, block + 1) for block in range(BLOCKS + 1))

    def parse(self, architecture: str) -> Cell:
        """Return the chain of an architecture string.

        Raises:
            InvalidCellError: the string has not 8 digits.
            UnknownNameError: an operator that the space does not have.
        """
        text = architecture.strip()
        if len(text) != BLOCKS:
            raise InvalidCellError(
                f"nasbench_macro: {architecture!r} has {len(text)} digits, not {BLOCKS}"
            )
        names = {spelled: name for name, spelled in self.spelling.items()}
        for spelled in text:
            if spelled not in names:
                raise UnknownNameError("nasbench_macro operator", spelled, names)
        return Cell(("input", *(names[spelled] for spelled in text), "output"), self.graph)

    def format(self, cell: Cell) -> str:
        """Return the architecture string of a chain.

        Raises:
            InvalidCellError: the cell is not one of this space.
        """
        inner = cell.operators[1:-1]
        if cell.edges != self.graph or not set(inner) <= set(self.operators):
            raise InvalidCellError(f"nasbench_macro: {cell} is not a cell of this space")
        return "".join(self.spelling[name] for name in inner)

    def cells(self, architectures: Sequence[str]) -> Cells:
        """Return the packed cells of N architecture strings."""
        place = {name: index for index, name in enumerate(self.operators)}
        return self.cells_of_choices(
            [[place[name] for name in self.parse(text).operators[1:-1]] for text in architectures]
        )

    def cells_of_choices(self, choices: Sequence[Sequence[int]] | np.ndarray) -> Cells:
        """Return the cells of N rows of 8 indices into ``operators``, in string order."""
        codes = np.array([CODES[name] for name in self.operators], dtype=np.uint8)
        rows = np.asarray(choices, dtype=np.intp).reshape(-1, BLOCKS)
        operators = np.empty((len(rows), BLOCKS + 2), dtype=np.uint8)
        operators[:, 0], operators[:, -1] = CODES["input"], CODES["output"]
        operators[:, 1:-1] = codes[rows]
        one = Cells.from_cells([Cell(("input", *["identity"] * BLOCKS, "output"), self.graph)])
        return Cells(operators, np.repeat(one.edges, len(rows), axis=0))

    def enumerate(self) -> Cells:
        """Return all 6,561 cells in ascending order of the string."""
        grid = np.indices((len(self.operators),) * BLOCKS).reshape(BLOCKS, -1).T
        return self.cells_of_choices(grid)


SPACE = NasBenchMacro()
