"""What a method's paper promises and was not seen here: sentences that stand with its card.

They are in ``not_reached.yaml`` and not in the methods' files because they say what results came to
and change none: no result is made anew when one is written.
"""

from functools import cache
from importlib import resources

import yaml

from tgnas.registry import Family


def not_reached(family: Family, name: str) -> tuple[str, ...]:
    """Return the sentences of a method; none where there is none to be said."""
    folder = family.package.rpartition(".")[2]
    return tuple(_all().get(folder, {}).get(name, ()))


@cache
def _all() -> dict[str, dict[str, list[str]]]:
    text = resources.files("tgnas.methods").joinpath("not_reached.yaml").read_text("utf-8")
    sentences: dict[str, dict[str, list[str]]] = yaml.safe_load(text)
    return sentences
