"""What the costs of several spaces count: kernels of operators, the pool before a classifier."""

from types import MappingProxyType

KERNELS = MappingProxyType({"conv_1x1": 1, "conv_3x3": 3})  # NAS-Bench-201's convolutions
POOLS = MappingProxyType({"avg_pool_3x3": 3})  # and its pool


def global_pool_flops(channels: int, side: int) -> int:
    """Return the operations of the pool before a classifier, as NAS-Bench-Suite-Zero counts them.

    Its counter takes the window to be one wider than the image: the only count that fits both
    image sizes of NAS-Bench-201, 32 and 16, and that of NAS-Bench-301.
    """
    return channels * (side + 1) ** 2
