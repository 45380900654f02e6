"""Descriptions of neural operators, written by templates: what principal components are taken of.

The operators' own sentences are far fewer than the 64 components that the paper keeps. So the
components are those of a corpus of the same manner: the vocabulary in its three lengths, and
after it each kind of layer below in those three manners. No label of any benchmark enters.
"""

from collections.abc import Iterator
from itertools import product

from tgnas.operators import LENGTHS, VOCABULARY

CONVOLUTIONS = (
    "convolution",
    "depth-wise separable convolution",
    "depth-wise convolution",
    "dilated convolution",
    "grouped convolution",
    "transposed convolution",
    "deformable convolution",
    "inverted residual convolution",
)
KERNELS = (1, 2, 3, 5, 7, 9, 11)
STRIDES = (2, 4)
DILATIONS = (2, 3, 4)
EXPANSIONS = (3, 4, 6)
GROUPS = (2, 4, 8, 32)
CHANNELS = (16, 64, 128, 256, 512)
# What stands behind a convolution: (short name, name) of a normalisation and of an activation.
BEHIND = (
    (("Batchnorm", "batch normalization"), ("ReLU", "rectified linear")),
    (("Layernorm", "layer normalization"), ("GELU", "Gaussian error linear")),
    (("Groupnorm", "group normalization"), ("Swish", "swish activation")),
    (("Instancenorm", "instance normalization"), ("Leaky ReLU", "leaky rectified linear")),
)
NORMALISATIONS = (
    "batch normalization",
    "layer normalization",
    "group normalization",
    "instance normalization",
    "weight normalization",
    "spectral normalization",
    "local response normalization",
    "root mean square normalization",
)
ACTIVATIONS = (
    "rectified linear unit",
    "leaky rectified linear unit",
    "parametric rectified linear unit",
    "exponential linear unit",
    "Gaussian error linear unit",
    "swish",
    "hard swish",
    "sigmoid",
    "hyperbolic tangent",
    "softmax",
    "softplus",
    "maxout",
)
POOLINGS = ("max", "average", "stochastic", "mixed", "L2")
WHOLE_POOLINGS = (
    "Global max pooling",
    "Global average pooling",
    "Adaptive average pooling",
    "Spatial pyramid pooling",
    "Attention pooling",
)
ATTENTIONS = (
    "self-attention",
    "multi-head attention",
    "cross-attention",
    "channel attention",
    "spatial attention",
    "graph attention",
    "linear attention",
    "local window attention",
)
HEADS = (1, 2, 4, 8, 16)
GRAPH_LAYERS = (
    "graph convolution",
    "spectral graph convolution",
    "Chebyshev graph convolution",
    "graph isomorphism layer",
    "graph sample and aggregate layer",
    "message passing layer",
    "edge convolution",
    "graph pooling layer",
    "higher-order graph convolution",
)
AGGREGATIONS = ("sum", "mean", "maximum", "attention-weighted sum")
RECURRENT = (
    "recurrent layer",
    "long short-term memory layer",
    "gated recurrent unit layer",
    "bidirectional recurrent layer",
)
OTHERS = (
    "Nothing",
    "No operation",
    "No connection",
    "Zero operator",
    "An operator that outputs zeros",
    "The connection between the two nodes is removed",
    "Skip connection",
    "Identity",
    "Identity operator that passes its input on unchanged",
    "Shortcut connection around a layer",
    "Residual addition of the input to the output",
    "Dense connection to all earlier layers",
    "Concatenation of feature maps",
    "Elementwise addition of feature maps",
    "Elementwise multiplication of feature maps",
    "Input image",
    "Input features",
    "Input of the cell",
    "Output of the cell",
    "Output logits",
    "Output features",
    "Dropout",
    "Drop path",
    "Squeeze and excitation",
    "Channel shuffle",
    "Pixel shuffle",
    "Bilinear upsampling",
    "Nearest neighbour upsampling",
    "Strided downsampling",
    "Zero padding",
    "Flattening of feature maps to a vector",
    "Token embedding",
    "Patch embedding",
    "Positional encoding",
    "Classification head",
    "Feed-forward network of two linear layers",
)


def sentences() -> tuple[str, ...]:
    """Return the distinct sentences of the corpus, always in the same order."""
    own = (operator.sentence(length) for length in LENGTHS for operator in VOCABULARY)
    parts = (own, _convolutions(), _poolings(), _attentions(), _graph_layers(), _simple(), OTHERS)
    return tuple(dict.fromkeys(sentence for part in parts for sentence in part))


def _convolutions() -> Iterator[str]:
    for kind, kernel in product(CONVOLUTIONS, KERNELS):
        size = f"{kernel} by {kernel}"
        yield f"{kind.capitalize()} {size}"
        for (norm, norm_name), (activation, activation_name) in BEHIND:
            yield f"{kind.capitalize()} {size} kernel, {norm}, {activation}"
            yield (
                f"A two-dimensional {kind} operator with a kernel size of {size} is applied, "
                f"succeeded by a {norm_name} layer, and followed by a {activation_name} layer"
            )
    for kind, kernel, stride in product(CONVOLUTIONS, (3, 5), STRIDES):
        yield f"{kind.capitalize()} {kernel} by {kernel}, stride {stride}"
    for kernel, rate in product((3, 5), DILATIONS):
        yield f"Dilated convolution {kernel} by {kernel}, dilation rate {rate}"
    for kernel, ratio in product((3, 5, 7), EXPANSIONS):
        yield f"Inverted residual convolution {kernel} by {kernel}, expansion {ratio}"
    for kernel, groups in product((1, 3, 5), GROUPS):
        yield f"Grouped convolution {kernel} by {kernel}, {groups} groups"
    for kernel, channels in product((1, 3, 5), CHANNELS):
        yield f"Convolution {kernel} by {kernel}, {channels} channels"


def _poolings() -> Iterator[str]:
    for kind, kernel in product(POOLINGS, KERNELS[1:]):
        size = f"{kernel} by {kernel}"
        yield f"{kind.capitalize()} pooling {size}"
        yield f"{kind.capitalize()} pooling {size} kernel"
        yield f"A {kind} pooling operator with a kernel size {size}"
        for stride in STRIDES:
            yield f"{kind.capitalize()} pooling {size}, stride {stride}"
    yield from WHOLE_POOLINGS


def _attentions() -> Iterator[str]:
    for kind in ATTENTIONS:
        yield kind.capitalize()
        yield f"A {kind} layer weighs its inputs by learned relevance before they are summed"
        for heads in HEADS:
            yield f"{kind.capitalize()}, {heads} head{'s' if heads > 1 else ''}"


def _graph_layers() -> Iterator[str]:
    for kind in GRAPH_LAYERS:
        yield kind.capitalize()
        yield f"{kind.capitalize()}, ReLU"
        for aggregation in AGGREGATIONS:
            yield f"A {kind} that takes the {aggregation} of the features of a node's neighbours"


def _simple() -> Iterator[str]:
    for name in (*NORMALISATIONS, *ACTIVATIONS):
        yield name.capitalize()
        yield f"A {name} layer is applied to the features"
    for name in RECURRENT:
        yield name.capitalize()
        yield f"A {name} reads the sequence step by step"
    for units in CHANNELS:
        yield f"Fully connected layer, {units} units"
        yield f"A linear layer that maps the features to {units} channels"
