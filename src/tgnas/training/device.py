"""The device that something is worked out on, by its name."""

import torch

from tgnas.errors import ConfigError


def device_of(name: str | torch.device) -> torch.device:
    """Return a device.

    Args:
        name: in torch's words, such as cpu, cuda or cuda:1.

    Raises:
        ConfigError: there is no such device here.
    """
    try:
        place = torch.device(name)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device {str(name)!r} is not to be had: {reason}") from error
    if place.type == "meta":
        raise ConfigError("device 'meta' is not to be had: it holds no numbers")
    return place
