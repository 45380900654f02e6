"""What an operator holds and does, counted from its attributes.

Of an operator that keeps the width C of its cell, parameters and operations are a polynomial in C:
``coefficients`` looks up its terms by code. Of one that leads from some channels to others, as in a
sequence of blocks, ``work_of`` counts each by itself.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from tgnas.costs.work import Number, Work
from tgnas.operators import ATTRIBUTES, CODES, UNKNOWN, VOCABULARY
from tgnas.spaces.architectures import Architectures

CODED = 256
PROJECTED = 2  # the attribute shortcut
_PLACE = {name: place for place, name in enumerate(ATTRIBUTES)}
_OF_VOCABULARY = [list(operator.attributes.values()) for operator in VOCABULARY]


class Coefficients(NamedTuple):
    """Terms of every code, of shape (256,): of C^2 and C parameters, and of operations a pixel."""

    weights: np.ndarray  # parameters, times C^2
    channel_weights: np.ndarray  # parameters, times C
    norms: np.ndarray  # normalised channels, times C
    multiply_adds: np.ndarray  # a pixel, times C^2
    channel_multiply_adds: np.ndarray  # a pixel, times C
    once: np.ndarray  # multiply-adds that an image needs once, times C^2
    normalised: np.ndarray  # elements a pixel, times C
    relus: np.ndarray  # elements a pixel, times C
    pooled: np.ndarray  # pixels read a pixel, times C


def attribute_table(architectures: Architectures) -> Float64[np.ndarray, "256 A"]:
    """Return ``operators.ATTRIBUTES`` of every code, those of the space's new operators too."""
    skeleton = architectures.skeleton
    rows = [*_OF_VOCABULARY, *(skeleton.new if skeleton else ())]
    return np.array([*rows, *[UNKNOWN] * (CODED - len(rows))])


def attribute(table: Float64[np.ndarray, "*rest A"], name: str) -> Float64[np.ndarray, "*rest"]:
    """Return one attribute of every row."""
    return table[..., _PLACE[name]]


def expands(table: Float64[np.ndarray, "*rest A"]) -> Bool[np.ndarray, "*rest"]:
    """Tell in which rows 1x1 convolutions stand before and behind the kernel."""
    return (attribute(table, "expansion") != 1) | (attribute(table, "pointwise") > 0)


def gates(table: Float64[np.ndarray, "*rest A"]) -> Float64[np.ndarray, "*rest"]:
    """Return the weights of squeeze and excitation for each pair of channels, which work once."""
    of = {name: attribute(table, name) for name in ("squeeze", "expansion", "repeats")}
    wide = np.where(expands(table), of["repeats"] * of["expansion"] ** 2, 1)
    return 2 * of["squeeze"] * wide


def coefficients(
    table: Float64[np.ndarray, "256 A"], stride: int = 1, scale: bool = True
) -> Coefficients:
    """Return the terms of every operator that has this stride and keeps the width.

    Where normalisations have no scale, as in a search, pools have one behind them, too.
    """
    of = {name: attribute(table, name) for name in ATTRIBUTES}
    around = expands(table)
    convolves = (of["kernel"] > 0) & (of["pooling"] == 0)
    first = (stride**2 - 1) * around * of["expansion"]  # a 1x1 convolution before the stride
    norms = convolves * of["repeats"] * np.where(around, 2 * of["expansion"] + 1, 1)
    once = gates(table)
    weights, multiply_adds = of["weights"].copy(), of["weights"] - once + first * convolves
    normalised = norms + first * convolves
    relus = norms + convolves * np.where(around, first, stride**2 - 1)
    if stride > 1:
        # An identity that changes the shape is a 1x1 convolution with its normalisation, and so is
        # a projected shortcut.
        identity, projected = CODES["identity"], of["shortcut"] == PROJECTED
        for terms in (weights, multiply_adds, norms, normalised):
            terms[identity] += 1
            terms[projected] += 1
        relus[identity] += stride**2
    pools = of["pooling"] > 0
    pooled = pools * of["kernel"] ** 2
    normalised = normalised + (pools & (not scale))
    # The two dense layers of squeeze and excitation have biases.
    wide = np.where(around, of["repeats"] * of["expansion"], 1)
    biases = np.where(once > 0, (of["squeeze"] + 1) * wide, 0)
    return Coefficients(
        *(weights, of["channel_weights"] + biases, norms, multiply_adds),
        *(of["channel_weights"], once, normalised, relus, pooled),
    )


def summed(
    terms: Coefficients, codes: np.ndarray, counted: np.ndarray | None = None
) -> Coefficients:
    """Return the terms of all vertices of each of N cells, added up.

    Args:
        terms: those of every code.
        codes: of the vertices, (N, V).
        counted: which of the vertices count; all by default.
    """
    kept = 1 if counted is None else counted
    return Coefficients(*((column[codes] * kept).sum(axis=1) for column in terms))


def work_at_width(terms: Coefficients, width: Number, side: Number, scale: bool) -> Work:
    """Return the work of operators, whose terms are added up, at a width.

    Args:
        terms: the terms of all operators of N cells.
        width: C of each.
        side: of what they put out.
        scale: whether their normalisations have a scale and a shift.
    """
    area = side**2
    elements = terms.normalised * width * area
    channel = terms.channel_weights + 2 * terms.norms * scale
    done = terms.multiply_adds * width + terms.channel_multiply_adds
    return Work(
        parameters=(terms.weights * width + channel) * width,
        multiply_adds=(done * area + terms.once * width) * width,
        scaled=elements * scale,
        normalised=elements * (not scale),
        relus=terms.relus * width * area,
        pooled=terms.pooled * width * area,
    )


def work_of(
    attributes: Float64[np.ndarray, "*rest A"],
    identity: Bool[np.ndarray, "*rest"],
    inputs: np.ndarray,
    outputs: np.ndarray,
    side: np.ndarray,
    stride: np.ndarray,
) -> Work:
    """Return the work of operators that lead from some channels to others, each by itself.

    Args:
        attributes: of the operators.
        identity: which of them are identities; where the shape changes, they are 1x1 convolutions.
            A pool that changes the channels has one behind it.
        inputs: channels that come in.
        outputs: channels that go out.
        side: of what comes out.
        stride: pixels of the input for each of the output, along a side.
    """
    of = {name: attribute(attributes, name) for name in ATTRIBUTES}
    area, before = side**2, (side * stride) ** 2
    apart, square = of["groups"] == 0, of["kernel"] ** 2
    groups = np.where(apart, 1, of["groups"])
    convolves = (of["kernel"] > 0) & (of["pooling"] == 0)
    around, adds = expands(attributes), of["shortcut"] == PROJECTED
    more = np.maximum(of["repeats"] - 1, 0)  # of those behind the first, at the width that goes out
    later = np.rint(of["expansion"] * outputs)
    hidden = np.where(adds, later, np.rint(of["expansion"] * inputs))

    def middle(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the weights of the convolution with the kernel, a channels to b."""
        return np.where(apart, square * a, square * a * b / groups)

    # Without 1x1 convolutions around it: a kernel for each channel, and what leads to the channels
    # that go out; several kernels for each channel where more go out and nothing mixes them.
    kernels = np.where(of["separable"] > 0, inputs, np.maximum(inputs, outputs))
    plain = np.where(apart, square * kernels + of["separable"] * inputs * outputs, 0)
    plain = np.where(apart, plain, square * inputs * outputs / groups)
    again = np.where(apart, square * outputs + of["separable"] * outputs**2, 0)
    again = np.where(apart, again, square * outputs**2 / groups)
    expand, project = inputs * hidden, hidden * outputs
    first = np.where(around, expand + middle(hidden, hidden) + project, plain)
    behind = more * np.where(around, 2 * outputs * later + middle(later, later), again)
    of["weights"] = of["weights"] - gates(attributes)
    stated = of["weights"] * inputs * outputs + of["channel_weights"] * inputs
    counted = convolves & ~_given(of)
    weights = np.where(counted, first + behind, stated)
    done = weights * area + np.where(counted & around, expand * (before - area), 0)
    norms = np.where(around, 2 * hidden + outputs + more * (2 * later + outputs), outputs)
    norms = convolves * np.where(around, norms, of["repeats"] * outputs)
    elements = norms * area + np.where(convolves & around, hidden * (before - area), 0)

    gated = [_gated(of["squeeze"], some) for some in (np.where(around, hidden, outputs), later)]
    once, biases = (a + more * around * b for a, b in zip(*gated, strict=True))

    wider, pools = inputs != outputs, of["pooling"] > 0
    projected = (wider | (stride > 1)) & (identity | adds) | wider & pools
    weights = weights + projected * inputs * outputs
    done = done + projected * inputs * outputs * area
    norms, elements = norms + projected * outputs, elements + projected * outputs * area
    return Work(
        parameters=weights + 2 * norms + once + biases,
        multiply_adds=done + once,
        scaled=elements,
        relus=elements,
        pooled=pools * square * inputs * area,
    )


def _gated(squeeze: np.ndarray, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and biases of squeeze and excitation of so many channels."""
    inner = np.maximum(np.rint(squeeze * channels), 1)
    there = squeeze > 0
    return there * 2.0 * inner * channels, there * (inner + channels)


def _given(of: dict[str, np.ndarray]) -> Bool[np.ndarray, "*rest"]:
    """Tell of which operators a file says weights that are not what the other attributes say."""
    apart, square = of["groups"] == 0, of["kernel"] ** 2
    groups, around = (
        np.where(apart, 1, of["groups"]),
        (of["expansion"] != 1) | (of["pointwise"] > 0),
    )
    plain = np.where(apart, of["separable"], square / groups)
    wide = 2 * of["expansion"] + np.where(apart, 0, square * of["expansion"] ** 2 / groups)
    channel = square * apart * np.where(around, of["expansion"], 1)
    derived = of["repeats"] * np.stack([np.where(around, wide, plain), channel])
    return ~np.isclose(np.stack([of["weights"], of["channel_weights"]]), derived).all(axis=0)
