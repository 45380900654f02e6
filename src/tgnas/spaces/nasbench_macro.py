"""NAS-Bench-Macro (Su et al., CVPR 2021): 8 blocks in a chain, 3 operators, 6,561 members.

An architecture string gives each block's operator as a digit, from the image to the classifier::

    22212220

Blocks 1, 3 and 6 begin a stage: they halve the image and change the channels, and even their
identity has a strided convolution. Within the rest of a stage (block 2; 4 and 5; 7 and 8) a true
identity changes nothing wherever it stands, so the 6,561 strings name 3,969 networks
(``get_real_arch`` in xiusu/NAS-Bench-Macro, train/utils.py).

The cell says what the network computes. MobileNetV2's blocks add to their input where the shape
stays (Sandler et al., CVPR 2018), so a block hears the sum of all blocks of its stage before it;
a block that is left out adds nothing: within a stage the digit 0 is the zero operator.
"""

from collections.abc import Sequence

import numpy as np

from tgnas.cell import Cell, Cells
from tgnas.errors import InvalidCellError, UnknownNameError
from tgnas.operators import CODES, spellings

BLOCKS = 8
STAGES = (1, 3, 6)
_BLOCKS = ("inverted_residual_3x3_expansion_3", "inverted_residual_5x5_expansion_6")
_DIGITS = "012"


def _residual_graph() -> tuple[tuple[int, int], ...]:
    """Return the edges: each block hears the sum that its stage has come to."""
    edges, summed = [], [0]
    for block in range(1, BLOCKS + 2):
        edges += [(source, block) for source in summed]
        summed = [block] if block in STAGES else [*summed, block]
    return tuple(sorted(edges))


def _is_wrong(name: str, allowed: tuple[str, ...]) -> bool:
    return name not in allowed


class NasBenchMacro:
    """The NAS-Bench-Macro search space."""

    name = "nasbench_macro"
    shares = (1.0,)
    spelling = spellings("nasbench_macro")
    operators = ("identity", "zero", *_BLOCKS)
    # In the order of their digits.
    choices = tuple(
        ("identity" if block in STAGES else "zero", *_BLOCKS) for block in range(1, BLOCKS + 1)
    )
    graph = _residual_graph()

    def parse(self, architecture: str) -> Cell:
        """Return the cell of an architecture string.

        Raises:
            InvalidCellError: the string has not 8 digits.
            UnknownNameError: an operator that the space does not have.
        """
        text = architecture.strip()
        if len(text) != BLOCKS:
            raise InvalidCellError(
                f"nasbench_macro: {architecture!r} has {len(text)} digits, not {BLOCKS}"
            )
        for spelled in text:
            if spelled not in _DIGITS:
                raise UnknownNameError("nasbench_macro operator", spelled, _DIGITS)
        chosen = (names[int(digit)] for names, digit in zip(self.choices, text, strict=True))
        return Cell(("input", *chosen, "output"), self.graph)

    def format(self, cell: Cell) -> str:
        """Return the architecture string of a cell.

        Raises:
            InvalidCellError: the cell is not one of this space.
        """
        inner = cell.operators[1:-1]
        if cell.edges != self.graph or any(map(_is_wrong, inner, self.choices)):
            raise InvalidCellError(f"nasbench_macro: {cell} is not a cell of this space")
        return "".join(
            _DIGITS[names.index(n)] for n, names in zip(inner, self.choices, strict=True)
        )

    def cells(self, architectures: Sequence[str]) -> Cells:
        """Return the packed cells of N architecture strings."""
        for text in architectures:
            self.parse(text)
        return self.cells_of_choices(
            [[int(digit) for digit in text.strip()] for text in architectures]
        )

    def cells_of_choices(self, choices: Sequence[Sequence[int]] | np.ndarray) -> Cells:
        """Return the cells of N rows of 8 digits."""
        codes = np.array(
            [[CODES[name] for name in names] for names in self.choices], dtype=np.uint8
        )
        rows = np.asarray(choices, dtype=np.intp).reshape(-1, BLOCKS)
        operators = np.empty((len(rows), BLOCKS + 2), dtype=np.uint8)
        operators[:, 0], operators[:, -1] = CODES["input"], CODES["output"]
        operators[:, 1:-1] = codes[np.arange(BLOCKS), rows]
        one = Cells.from_cells([Cell(("input", *["zero"] * BLOCKS, "output"), self.graph)])
        return Cells(operators, np.repeat(one.edges, len(rows), axis=0))

    def enumerate(self) -> Cells:
        """Return all 6,561 cells in ascending order of the string."""
        grid = np.indices((len(_DIGITS),) * BLOCKS).reshape(BLOCKS, -1).T
        return self.cells_of_choices(grid)


SPACE = NasBenchMacro()
