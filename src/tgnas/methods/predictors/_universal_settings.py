"""The settings of the universal predictor; without torch, so that a config is checked fast."""

from typing import Literal

from pydantic import NonNegativeFloat, PositiveInt

from tgnas.methods.predictors import _settings


class Settings(_settings.Settings):
    """The graph networks of cells, and how their scores and counts of the network are added up.

    The defaults were chosen on NAS-Bench-101, NAS-Bench-Macro, NDS and digits-bench
    (docs/universal.md).
    """

    graph: Literal["canonical"] = "canonical"
    """Encoding of cells; there is one."""
    layers: PositiveInt = 3
    """Rounds of message passing."""
    width: PositiveInt = 16
    """Hidden channels."""
    normalisation: Literal["none", "row", "symmetric"] = "row"
    """Of the aggregation matrix: none, row (each vertex takes the mean) or symmetric (divided by
    the roots of both degrees)."""
    norm: Literal["none", "batch", "graph", "layer"] = "none"
    """Of the hidden channels: none, batch, graph or layer."""
    bidirectional: bool = True
    """Messages along the edges and against them, with weights of their own for the vertex itself;
    otherwise along the edges alone."""
    residual: bool = True
    """A layer's output is added to its input."""
    readout: Literal["last", "mean", "sum"] = "sum"
    """Last (the output), or the mean or the sum over vertices."""
    label: Literal["rank"] = "rank"
    """The label: the rank of the accuracy among the source's, from 0 to 1."""
    distilled_weight: NonNegativeFloat = 1.0
    """Of what was distilled from zero-cost proxies, where nothing but cells varies."""
    cell_weights: NonNegativeFloat = 0.15
    """Of log(1 + weights of a cell for each pair of channels), where nothing but cells varies."""
    flops: NonNegativeFloat = 1.0
    """Of the logarithm of a network's FLOPs, where more than cells varies."""
    parameters: NonNegativeFloat = 0.5
    """Of the logarithm of its parameters, where more than cells varies."""
    layer_widths: NonNegativeFloat = 2.0
    """Of the mean logarithm of the channels of the blocks of a sequence."""
    depth: NonNegativeFloat = 2.0
    """Of log(1 + c) with the c convolutions of a sequence; those beside a shortcut count half, as
    the mean over a network's paths has them (Veit et al., NeurIPS 2016)."""
