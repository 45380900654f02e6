"""Operators of which no number is known: they count for nothing in parameters and FLOPs."""

import logging
from functools import cache

from tgnas.registry import SPACES
from tgnas.spaces.space import Space, numberless

logger = logging.getLogger(__name__)


def said_uncounted(space: Space) -> str:
    """Return in words which operators of a space count for nothing; empty where none does."""
    names = numberless(space)
    verb, whose = ("count", "their") if len(names) > 1 else ("counts", "its")
    nothing = f"which so {verb} for nothing in parameters and FLOPs; say {whose} attributes"
    return f"no number is known of {', '.join(map(repr, names))}, {nothing}" if names else ""


@cache
def warn_of_uncounted(space: Space) -> None:
    """Log once for a space of a file that is counted which of its operators count for nothing."""
    message = "" if space.name in SPACES.names() else said_uncounted(space)
    if message and not {"params", "flops"} <= set(space.options):
        logger.warning("%s: %s", space.name, message)
