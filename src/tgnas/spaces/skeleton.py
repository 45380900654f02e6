"""What stands around the cells of a network: image, stem, stages, classifier.

With the cells and an architecture's own numbers (``spaces.columns``) it says what the whole network
is, so that its layers, parameters and FLOPs can be counted (``tgnas.costs``).
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from tgnas.validation import Keys

GRAPH_LAYERS = "graph_layers"  # the form of networks on graphs, whose costs are not counted
RECURRENT, TRANSFORMER = "recurrent", "transformer"  # forms of networks on sequences of tokens
ON_TOKENS = (RECURRENT, TRANSFORMER)
PROGRAMS = "programs"  # the form of whole networks that are graphs of blocks
SEQUENCES = ("blocks", "widths", PROGRAMS)  # forms whose one cell is a whole network of blocks
Count = Annotated[int, Field(ge=1)]
Factor = Annotated[float, Field(gt=0)]


class StemKeys(Keys):
    """One convolution of the stem, with its normalisation."""

    kernel: Count = 3
    """Side of its kernel."""
    stride: Count = 1
    """Pixels of its input for each that it puts out."""
    widen: Factor = 1.0
    """Channels that it puts out, in units of the network's width."""


class StageKeys(Keys):
    """Cells, or blocks, of one width and resolution."""

    cells: Count
    """How many of them stand in a row."""
    stride: Count = 1
    """Pixels along a side of the stage before for each of this one."""
    widen: Factor = 1.0
    """Channels for each of the stage before; of the first stage, of the network's width."""
    width: Count | None = None
    """Channels, where they are no multiple of those before."""


class NetworkKeys(Keys):
    """The network around the cells; what an architecture has as a number of its own goes first."""

    image: Count = 32
    """Side of an image in pixels."""
    classes: Count = 10
    """Labels that the last layer tells apart."""
    width: Count = 16
    """Channels of the first stage."""
    depth: Count | None = None
    """Cells of the whole network, shared evenly by the stages; 5 for each stage by default, and 8
    of a genotype."""
    stages: Count | Annotated[tuple[StageKeys, ...], Field(min_length=1)] = 3
    """How many stages there are, each with twice the channels and half the side of the one before;
    or each stage. A genotype's network has a reduction cell after each third, and three stages."""
    between: Literal["residual_block", "pool", "cell"] = "residual_block"
    """What leads to a stage of another shape: a residual block (NAS-Bench-201), a pool before its
    first cell (NAS-Bench-101), or the first cell itself, whose operators behind the input change
    the shape."""
    concatenated: bool = False
    """Whether a cell's output is the concatenation of the nodes that lead to it, which so share the
    channels, and edges from the input are 1x1 convolutions (NAS-Bench-101)."""
    stem: tuple[StemKeys, ...] = (StemKeys(),)
    """The convolutions before the first cell; one 3x3 by default, and none of an empty list."""
    scale: bool = True
    """Whether normalisations inside of cells have a scale and a shift; so by default."""
    head: Annotated[int, Field(ge=0)] = 0
    """Channels of a 1x1 convolution before the classifier; none by default."""
    counting: Literal["multiply_adds", "suite_zero", "pycls"] = "multiply_adds"
    """What counts as a FLOP: the multiply-adds of convolutions and dense layers (the default); what
    NAS-Bench-Suite-Zero counts beside, pools, normalisations and ReLUs; or what the authors of NDS
    count beside, pools, ReLUs and biases."""


USUAL = NetworkKeys()  # where a space says nothing of it


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What all architectures of a space share beside the operators of their cells.

    Attributes:
        form: how cells are built, a word of ``space.FORMS``.
        keys: the network around the cells.
        inputs: vertices of a cell that are outputs of cells before it.
        pairs: vertices of a genotype's cell that are added up to a node.
        begins: blocks of a sequence, counted from 1, that halve the side and double the channels.
        new: attributes of the operators that the vocabulary does not have, by code.
    """

    form: str
    keys: NetworkKeys = USUAL
    inputs: int = 1
    pairs: int = 1
    begins: tuple[int, ...] = ()
    new: tuple[tuple[float | int, ...], ...] = ()
