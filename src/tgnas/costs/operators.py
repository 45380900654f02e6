"""The operators of NAS-Bench-201 as modules; each keeps the shape of its input.

As in the benchmark, a convolution is ReLU, convolution without bias, batch normalisation with
affine parameters, and the padding of a pool does not count into its average.
"""

from collections.abc import Callable
from types import MappingProxyType

from jaxtyping import Float
from torch import Tensor, nn

KERNELS = MappingProxyType({"conv_1x1": 1, "conv_3x3": 3})  # the operators that have parameters
POOLS = MappingProxyType({"avg_pool_3x3": 3})


class Zero(nn.Module):
    """Zeros in the shape of the input, through which a gradient of zero flows back."""

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B D H W"]:
        """Return zeros."""
        return images.mul(0.0)


def convolution(kernel: int, source: int, target: int, stride: int = 1) -> nn.Sequential:
    """Return ReLU, convolution from `source` to `target` channels, batch normalisation."""
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(source, target, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(target),
    )


def average_pool(kernel: int) -> nn.AvgPool2d:
    """Return an average pool of stride 1 that leaves its padding out of the average."""
    return nn.AvgPool2d(kernel, stride=1, padding=kernel // 2, count_include_pad=False)


OPERATORS: MappingProxyType[str, Callable[[int], nn.Module]] = MappingProxyType(
    {
        "zero": lambda _: Zero(),
        "identity": lambda _: nn.Identity(),
        "conv_1x1": lambda width: convolution(KERNELS["conv_1x1"], width, width),
        "conv_3x3": lambda width: convolution(KERNELS["conv_3x3"], width, width),
        "avg_pool_3x3": lambda _: average_pool(POOLS["avg_pool_3x3"]),
    }
)


def global_pool_flops(channels: int, side: int) -> int:
    """Return the operations of the pool before a classifier, as NAS-Bench-Suite-Zero counts them.

    Its counter takes the window to be one wider than the image: the only count that fits both
    image sizes of NAS-Bench-201, 32 and 16, and that of NAS-Bench-301.
    """
    return channels * (side + 1) ** 2
