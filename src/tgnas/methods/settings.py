"""A method's settings: a frozen model of its own keys, each with its meaning and its default."""

from collections.abc import Mapping
from typing import Any

from tgnas.validation import Keys, validated


class MethodSettings(Keys):
    """The base of a method's Settings; the string below a key is its meaning."""


def read_settings(model: type[Keys], values: Mapping[str, Any], place: str = "") -> Any:
    """Return a method's settings.

    Args:
        model: the method's Settings.
        values: its keys.
        place: where they stand, for the message.

    Raises:
        ConfigError: a value that is not allowed.
        UnknownNameError: a key or a choice that does not exist, with the nearest one that does.
    """
    return validated(model, values, place, what="settings")
