"""The whole network of each architecture as a sequence of layers, and what it holds and does.

A layer is a run of equal cells (one kind, one width, one resolution) or one block of a sequence.
Nothing but the architectures is needed: they carry the skeleton around their cells, and their own
numbers such as width and depth.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64, Int64

from tgnas.costs.blocks import block_rows
from tgnas.costs.cells import cell_rows
from tgnas.costs.genotypes import genotype_rows
from tgnas.costs.operators import attribute, attribute_table
from tgnas.costs.rows import Row, Shape, stem_of
from tgnas.costs.tokens import parameters_on_tokens
from tgnas.costs.work import Number, Work, classifier
from tgnas.errors import ConfigError
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import GRAPH_LAYERS, ON_TOKENS, SEQUENCES, Skeleton

CELLS = 5  # of each stage, where no one says how deep a network is; as in NAS-Bench-201
GENOTYPE_CELLS = 8  # of a genotype's network; as in NAS-Bench-301
MILLION = 1e6


@dataclass(frozen=True, eq=False)
class Layers:
    """N networks of at most L layers, and the parts around them.

    Attributes:
        cell: which of the K cells stands in a layer; -1 where layer l is vertex l + 1 of the cell,
            which is a sequence of blocks.
        inputs: channels that come in.
        width: channels that go out; of a cell, those that its operators work at.
        stride: pixels of what comes in for each of what goes out, along a side.
        side: of what goes out, in pixels.
        repeats: how often the layer stands there in a row; 0 where there is none.
        parameters: trainable parameters of all its repeats.
        flops: operations of all its repeats, by what the skeleton counts as one.
        other_parameters: of stem, links between stages, head and classifier.
        other_flops: theirs.
    """

    cell: Int64[np.ndarray, " L"]
    inputs: Int64[np.ndarray, "N L"]
    width: Int64[np.ndarray, "N L"]
    stride: Int64[np.ndarray, "N L"]
    side: Int64[np.ndarray, "N L"]
    repeats: Int64[np.ndarray, "N L"]
    parameters: Float64[np.ndarray, "N L"]
    flops: Float64[np.ndarray, "N L"]
    other_parameters: Float64[np.ndarray, " N"]
    other_flops: Float64[np.ndarray, " N"]

    @property
    def all_parameters(self) -> Float64[np.ndarray, " N"]:
        """Trainable parameters of each network."""
        return self.parameters.sum(axis=1) + self.other_parameters

    @property
    def all_flops(self) -> Float64[np.ndarray, " N"]:
        """Operations of one forward pass of one image through each network."""
        return self.flops.sum(axis=1) + self.other_flops


def layers_of(
    architectures: Architectures,
    classes: int | None = None,
    image: int | None = None,
    counting: str | None = None,
) -> Layers:
    """Return the networks of architectures; what their skeleton does not say is its default.

    Args:
        architectures: of one space.
        classes: labels that are told apart; the skeleton's if not given.
        image: side of an image; the architecture's own, or the skeleton's, if not given.
        counting: what counts as a FLOP (``skeleton.NetworkKeys``); what the skeleton says if not
            given.

    Raises:
        ConfigError: the networks do not read images.
    """
    skeleton = architectures.skeleton or Skeleton("operators_on_edges")
    if skeleton.form == GRAPH_LAYERS:
        raise ConfigError("parameters and FLOPs are not counted of networks on graphs")
    if skeleton.form in ON_TOKENS:
        raise ConfigError("layers and FLOPs are not counted of networks on tokens")
    keys = skeleton.keys
    changed = {"classes": classes, "image": image, "counting": counting}
    keys = keys.model_copy(update={name: new for name, new in changed.items() if new is not None})
    skeleton = replace(skeleton, keys=keys)
    rows, around = _network(architectures, skeleton)
    count = len(architectures)

    def table(columns: list[Number], kind: type) -> np.ndarray:
        # The last axis is of layers, also where there is none.
        wide: list[np.ndarray] = [
            np.broadcast_to(np.asarray(column, dtype=kind), count) for column in columns
        ]
        return np.stack(wide, axis=1) if wide else np.zeros((count, 0), dtype=kind)

    every = Layers(
        np.array([row.cell for row in rows], dtype=np.int64),
        table([row.inputs for row in rows], np.int64),
        table([row.shape.channels for row in rows], np.int64),
        table([row.stride for row in rows], np.int64),
        table([row.shape.side for row in rows], np.int64),
        table([row.repeats for row in rows], np.int64),
        table([row.work.parameters for row in rows], np.float64),
        table([row.work.flops(keys.counting) for row in rows], np.float64),
        table([around.parameters], np.float64)[:, 0],
        table([around.flops(keys.counting)], np.float64)[:, 0],
    )
    return every


def count_parameters(
    architectures: Architectures, classes: int | None = None
) -> Int64[np.ndarray, " N"]:
    """Return the trainable parameters of each architecture's network, for so many labels.

    What an architecture has as a number of its own, ``params``, is not counted.
    """
    if "params" in architectures.attributes:
        return architectures.attributes["params"].astype(np.int64)
    if architectures.skeleton is not None and architectures.skeleton.form in ON_TOKENS:
        return parameters_on_tokens(architectures)
    return np.rint(layers_of(architectures, classes).all_parameters).astype(np.int64)


def count_flops(
    architectures: Architectures, classes: int | None = None, image: int | None = None
) -> Float64[np.ndarray, " N"]:
    """Return the operations of one forward pass of one image, in millions.

    What an architecture has as a number of its own, ``flops``, is not counted.
    """
    if "flops" in architectures.attributes:
        return architectures.attributes["flops"]
    return layers_of(architectures, classes, image).all_flops / MILLION


def _network(architectures: Architectures, skeleton: Skeleton) -> tuple[list[Row], Work]:
    """Return the layers, and the work of all that stands around them."""
    keys = skeleton.keys
    width, side = (
        _own(architectures, name, default)
        for name, default in (("width", keys.width), ("resolution", keys.image))
    )
    table = attribute_table(architectures)
    if skeleton.form == "widths":
        # The stem is as wide as the first layer.
        first = attribute(table[architectures.cells.operators[:, 1]], "width")
        width = first.astype(np.int64)
    depth = _own(architectures, "depth", keys.depth or _usual_depth(skeleton))
    around, stem = stem_of(keys, width, side)
    last: Shape
    if skeleton.form == "genotype":
        rows, links, last = genotype_rows(architectures, table, skeleton, width, depth, stem)
    elif skeleton.form in SEQUENCES:
        rows, links, last = block_rows(architectures, table, skeleton, width, stem)
    else:
        rows, links, last = cell_rows(architectures, table, keys, width, depth, stem)
    return rows, around + links + classifier(*last, keys.classes, keys.counting)


def _own(architectures: Architectures, name: str, default: int) -> Int64[np.ndarray, " N"]:
    """Return what architectures have as a number of their own, or what all have."""
    if name in architectures.attributes:
        return architectures.attributes[name].astype(np.int64)
    return np.array([default], dtype=np.int64)


def _usual_depth(skeleton: Skeleton) -> int:
    if skeleton.form == "genotype":
        return GENOTYPE_CELLS
    stages = skeleton.keys.stages
    return CELLS * stages if isinstance(stages, int) else sum(stage.cells for stage in stages)
