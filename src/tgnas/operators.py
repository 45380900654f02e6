"""The operator vocabulary, read from ``operators.yaml``: one place for names and sentences."""

from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

import yaml

from tgnas.errors import UnknownNameError

LENGTHS = ("short", "medium", "long")
ATTRIBUTES = ("weights", "reach")


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator; ``operators.yaml`` says what each field means."""

    name: str
    kind: str
    spelling: MappingProxyType[str, str]
    sentences: MappingProxyType[str, str]
    ours: tuple[str, ...]
    attributes: MappingProxyType[str, float]

    def sentence(self, length: str) -> str:
        """Return the description of one length.

        Raises:
            UnknownNameError: neither the paper nor its code has one of that length.
        """
        if length not in self.sentences:
            raise UnknownNameError(f"sentence length of {self.name}", length, self.sentences)
        return self.sentences[length]


def _read() -> tuple[Operator, ...]:
    entries = yaml.safe_load((resources.files("tgnas") / "operators.yaml").read_text())
    return tuple(
        Operator(
            entry["name"],
            entry["kind"],
            MappingProxyType(entry["spelling"]),
            MappingProxyType(entry["sentences"]),
            tuple(entry.get("ours", ())),
            MappingProxyType(dict.fromkeys(ATTRIBUTES, 0) | entry.get("attributes", {})),
        )
        for entry in entries
    )


VOCABULARY = _read()
NAMES = tuple(operator.name for operator in VOCABULARY)
CODES = MappingProxyType({name: code for code, name in enumerate(NAMES)})
PADDING = 255  # the code of a vertex that is not there


def spellings(space: str) -> dict[str, str]:
    """Return canonical name -> spelling of every operator of a search space."""
    return {op.name: op.spelling[space] for op in VOCABULARY if space in op.spelling}
