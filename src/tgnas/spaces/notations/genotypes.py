"""Genotypes as NASLib and NAS-Bench-301 write those of NAS-Bench-301.

NASLib (search_spaces/darts/conversions.py): for the normal, then the reduction cell the pairs
(node, number of the operator) in the genotype's order, which is the reverse of DARTS' pairs.

NAS-Bench-301 (surrogate_models/configspace.json): a configuration of ConfigSpace, whose keys
``inputs_node_normal_4: 0_2`` name the two inputs of nodes 3 to 5 (node 2 has 0 and 1), and
``edge_normal_7: sep_conv_3x3`` the operators, edges counted by their target and then their source.
"""

from typing import Any, Protocol, runtime_checkable

from tgnas.errors import InvalidCellError
from tgnas.spaces.forms.base import Alphabet
from tgnas.spaces.notations.base import Member, Notation
from tgnas.spaces.notations.plain import CONFIGURED

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
        known["configspace"] = _configspace(form)
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


def _configspace(form: Kinds) -> Notation:
    edges = [(target, source) for target in form.computed for source in range(target)]

    def read(value: Any) -> Member | None:
        if not isinstance(value, dict) or not any(key.startswith(CONFIGURED) for key in value):
            return None
        left = {key.removeprefix(CONFIGURED): item for key, item in value.items()}
        member: Member = {kind: [] for kind in form.kinds}
        for kind in form.kinds:
            for number, (target, source) in enumerate(edges):
                name = f"inputs_node_{kind}_{target}"
                inputs = str(left.get(name, "0_1" if target == form.computed[0] else "")).split("_")
                if str(source) not in inputs:
                    continue
                edge = f"edge_{kind}_{number}"
                if edge not in left:
                    raise form.alphabet.refuse(f"{name} is {left.get(name)!r}, and no {edge}")
                member[kind].append([left.pop(edge), source])
        unused = sorted(key for key in left if key.startswith("edge_"))
        if unused:
            raise form.alphabet.refuse(f"{unused[0]} is the edge of none of its inputs_node")
        return member

    def write(member: Member) -> dict[str, str]:
        written: dict[str, str] = {}
        for kind in form.kinds:
            pairs = [
                (target, source, name)
                for at, (name, source) in enumerate(member[kind])
                for target in [form.computed[at // 2]]
            ]
            inputs = [[s for t, s, _ in pairs if t == target] for target in form.computed]
            odd = any(len(set(both)) != 2 for both in inputs) or sorted(inputs[0]) != [0, 1]
            known = all(name in NASLIB_OPERATORS for *_, name in pairs)
            if odd or not known or member.get(f"{kind}_concat", form.computed) != form.computed:
                raise form.alphabet.refuse("a configuration of NAS-Bench-301 cannot say this cell")
            for target, both in zip(form.computed[1:], inputs[1:], strict=True):
                key = f"{CONFIGURED}inputs_node_{kind}_{target}"
                written[key] = "_".join(map(str, sorted(both)))
            for target, source, name in pairs:
                written[f"{CONFIGURED}edge_{kind}_{edges.index((target, source))}"] = name
        return written

    return Notation("configurations of NAS-Bench-301", read, write)


def _number(form: Kinds, name: str) -> int:
    if name not in NASLIB_OPERATORS:
        raise form.alphabet.refuse(f"NASLib's tuples have no operator {name!r}")
    return NASLIB_OPERATORS.index(name)
