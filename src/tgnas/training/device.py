"""The device that something is worked out on, by its name."""

import torch

from tgnas.errors import ArgumentError, cut, shown


def device_of(name: str | torch.device) -> torch.device:
    """Return a device.

    Args:
        name: in torch's words, such as cpu, cuda or cuda:1.

    Raises:
        ArgumentError: there is no such device here.
    """
    if not isinstance(name, str | torch.device):
        raise ArgumentError(
            f"device: {shown(name)} is not allowed; it should be cpu, cuda or cuda:1"
        )
    try:
        place = torch.device(name)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError, ValueError) as error:
        reason = cut(str(error).partition("\n")[0])
        raise ArgumentError(f"device {shown(str(name))} is not to be had: {reason}") from error
    if place.type == "meta":
        raise ArgumentError("device 'meta' is not to be had: it holds no numbers")
    return place
