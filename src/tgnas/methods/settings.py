"""A method's settings: a frozen model of its own keys, each with its meaning and its default."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from tgnas.errors import ConfigError, UnknownNameError


class MethodSettings(BaseModel):
    """The base of a method's Settings; the string below a key is its meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def read_settings(model: type[BaseModel], values: Mapping[str, Any], place: str = "") -> Any:
    """Return a method's settings.

    Args:
        model: the method's Settings.
        values: its keys.
        place: where they stand, for the message.

    Raises:
        ConfigError: a value that is not allowed.
        UnknownNameError: a key or a choice that does not exist, with the nearest one that does.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in (*filter(None, [place]), *fault["loc"]))
        if fault["type"] == "extra_forbidden":
            raise UnknownNameError("setting", name, model.model_fields) from None
        if fault["type"] == "literal_error" and isinstance(fault["input"], str):
            known = re.findall(r"'([^']+)'", fault["ctx"]["expected"])
            raise UnknownNameError(f"value of {name}", fault["input"], known) from None
        reason = f"{name} is {fault['input']!r}: {fault['msg']}" if name else fault["msg"]
        raise ConfigError(reason) from None
