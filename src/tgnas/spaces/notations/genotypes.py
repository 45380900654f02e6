"""Genotypes as NASLib writes those of NAS-Bench-301.

NASLib (search_spaces/darts/conversions.py): for the normal, then the reduction cell the pairs
(node, number of the operator) in the genotype's order, which is the reverse of DARTS' pairs.
"""

from typing import Any, Protocol, runtime_checkable

from tgnas.errors import InvalidCellError
from tgnas.spaces.forms.base import Alphabet
from tgnas.spaces.notations.base import Member, Notation

NASLIB_OPERATORS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)


@runtime_checkable
class Kinds(Protocol):
    """What is read of the form."""

    alphabet: Alphabet
    kinds: tuple[str, ...]
    computed: list[int]


def notations_of(form: Kinds) -> dict[str, Notation]:
    """Return the notations of a space of genotypes."""

    def tuples(member: Member) -> str:
        fields = [[tuple(pair) for pair in member[kind]] for kind in form.kinds]
        concats = [member.get(f"{kind}_concat", form.computed) for kind in form.kinds]
        if any(concat != form.computed for concat in concats):
            both = zip(fields, concats, strict=True)
            fields = [part for cell in both for part in cell]
        return str(tuple(map(tuple, fields)))

    known = {"tuples": Notation("the pairs of each cell, without names", _named(form), tuples)}
    if form.kinds == ("normal", "reduce") and set(form.alphabet.codes) == set(NASLIB_OPERATORS):
        known["naslib"] = _naslib(form)
    return known


def _named(form: Kinds) -> Any:
    def read(value: Any) -> Member | None:
        """Take lists of pairs, with or without concatenations between them."""
        if not isinstance(value, list) or not all(isinstance(part, list) for part in value):
            return None
        fields = [name for kind in form.kinds for name in (kind, f"{kind}_concat")]
        names = {len(form.kinds): list(form.kinds), len(fields): fields}.get(len(value), [])
        pairs = [pair for name, part in zip(names, value, strict=False) for pair in part]
        named = [pair for pair in pairs if isinstance(pair, list) and str in map(type, pair)]
        if not names or not named:
            return None
        return dict(zip(names, value, strict=True))

    return read


def _naslib(form: Kinds) -> Notation:
    def read(value: Any) -> Member | None:
        if not isinstance(value, list) or len(value) != len(form.kinds):
            return None
        if not all(isinstance(part, list) and part for part in value):
            return None
        pairs = [pair for part in value for pair in part]
        if not all(isinstance(pair, list) and [*map(type, pair)] == [int, int] for pair in pairs):
            return None
        wrong = [number for _, number in pairs if not 0 <= number < len(NASLIB_OPERATORS)]
        if wrong:
            raise InvalidCellError(
                f"{form.alphabet.space}: there is no operator {wrong[0]} in NASLib's list; "
                f"allowed are 0 to {len(NASLIB_OPERATORS) - 1}"
            )
        return {
            kind: [[NASLIB_OPERATORS[number], node] for node, number in part]
            for kind, part in zip(form.kinds, value, strict=True)
        }

    def write(member: Member) -> str:
        cells = [
            tuple((node, _number(form, name)) for name, node in member[kind]) for kind in form.kinds
        ]
        for kind in form.kinds:
            if member.get(f"{kind}_concat", form.computed) != form.computed:
                raise form.alphabet.refuse("NASLib's tuples cannot say what a cell concatenates")
        return str(tuple(cells))

    return Notation("NASLib's tuples of NAS-Bench-301's genotypes", read, write)


def _number(form: Kinds, name: str) -> int:
    if name not in NASLIB_OPERATORS:
        raise form.alphabet.refuse(f"NASLib's tuples have no operator {name!r}")
    return NASLIB_OPERATORS.index(name)
