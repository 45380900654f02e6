"""Cells with operators on edges as NASLib, AutoDL-Projects, NATS-Bench and NNI write them.

NASLib (automl/NASLib, search_spaces/nasbench201/conversions.py): a tuple of six numbers of
operators, edges in ascending order. AutoDL-Projects (D-X-Y/AutoDL-Projects,
models/cell_searchs/genotypes.py): for each node its pairs (operator, the node it takes from).
NATS-Bench (Dong et al., TPAMI 2021) and NAS-Bench-201: the index of an architecture in the released
files, which is its place in the authors' list after ``random.seed(88)`` and one shuffle
(exps/NAS-Bench-201/main.py).
NNI (microsoft/nni, nas/benchmarks/nasbench201): ``{"0_1": "conv_3x3", ...}``, an operator for each
pair of nodes.
"""

import random
from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any, Protocol, runtime_checkable

from tgnas.errors import InvalidCellError
from tgnas.spaces.forms.base import Alphabet, Pair
from tgnas.spaces.notations.base import Member, Notation, whole_numbers

# NASLib's numbers, and the order of AutoDL-Projects' list of operators.
NASLIB_OPERATORS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
AUTODL_OPERATORS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
AUTODL_SEED = 88
NNI_NAMES = {"nor_conv_1x1": "conv_1x1", "nor_conv_3x3": "conv_3x3"}  # the others are ours
NASBENCH201_NODES = 4


@runtime_checkable
class Edges(Protocol):
    """What is read of the form."""

    alphabet: Alphabet
    pairs: list[Pair]
    nodes: int


def notations_of(form: Edges) -> dict[str, Notation]:
    """Return the notations of a space with operators on edges."""
    known = {"autodl": _autodl(form)}
    complete = len(form.pairs) == form.nodes * (form.nodes - 1) // 2
    if (
        complete
        and form.nodes == NASBENCH201_NODES
        and set(form.alphabet.codes) == set(NASLIB_OPERATORS)
    ):
        known |= {"naslib": _naslib(form), "nats": _nats(form), "nni": _nni(form)}
    return known


def _autodl(form: Edges) -> Notation:
    def read(value: Any) -> Member | None:
        if not isinstance(value, list) or len(value) != form.nodes - 1:
            return None
        if not all(isinstance(node, list) and node for node in value):
            return None
        pairs = [(pair, node) for node, pairs in enumerate(value, start=1) for pair in pairs]
        if not all(isinstance(p, list) and [*map(type, p)] == [str, int] for p, _ in pairs):
            return None
        return {"edges": [[source, node, name] for (name, source), node in pairs]}

    def write(member: Member) -> str:
        nodes = [
            tuple((name, source) for source, target, name in member["edges"] if target == node)
            for node in range(1, form.nodes)
        ]
        return str(tuple(nodes))

    return Notation("AutoDL-Projects' pairs (operator, node) of each node", read, write)


def _naslib(form: Edges) -> Notation:
    order = sorted(form.pairs)

    def read(value: Any) -> Member | None:
        if not whole_numbers(value) or len(value) != len(order):
            return None
        wrong = [number for number in value if not 0 <= number < len(NASLIB_OPERATORS)]
        if wrong:
            raise InvalidCellError(
                f"{form.alphabet.space}: there is no operator {wrong[0]} in NASLib's list; "
                f"allowed are 0 to {len(NASLIB_OPERATORS) - 1}"
            )
        pairs = zip(order, value, strict=True)
        return {"edges": [[*pair, NASLIB_OPERATORS[number]] for pair, number in pairs]}

    def write(member: Member) -> str:
        names = _names(form, member)
        return str(tuple(NASLIB_OPERATORS.index(names[pair]) for pair in order))

    return Notation("NASLib's tuple of six numbers of operators", read, write)


def _nats(form: Edges) -> Notation:
    def read(value: Any) -> Member | None:
        if type(value) is not int:
            return None
        listed = autodl_order()
        if not 0 <= value < len(listed):
            raise InvalidCellError(
                f"{form.alphabet.space}: there is no architecture {value} in NATS-Bench; allowed "
                f"are 0 to {len(listed) - 1}"
            )
        pairs = zip(form.pairs, listed[value], strict=True)
        return {"edges": [[*pair, name] for pair, name in pairs]}

    def write(member: Member) -> int:
        names = _names(form, member)
        return _places()[tuple(names[pair] for pair in form.pairs)]

    return Notation("the index in NATS-Bench and NAS-Bench-201", read, write)


def _nni(form: Edges) -> Notation:
    pairs = {f"{source}_{target}": (source, target) for source, target in form.pairs}
    own = {name: ours for ours, name in NNI_NAMES.items()}

    def read(value: Any) -> Member | None:
        if not isinstance(value, dict) or set(value) != set(pairs):
            return None
        return {"edges": [[*pairs[key], own.get(name, name)] for key, name in value.items()]}

    def write(member: Member) -> dict[str, str]:
        names = _names(form, member)
        return {key: NNI_NAMES.get(names[pair], names[pair]) for key, pair in pairs.items()}

    return Notation("NNI's operators of the pairs of nodes", read, write)


def _names(form: Edges, member: Member) -> dict[Pair, str]:
    named = {(source, target): str(name) for source, target, name in member["edges"]}
    return {pair: named.get(pair, "none") for pair in form.pairs}


@cache
def autodl_order() -> Sequence[tuple[str, ...]]:
    """Return the operators of all 15,625 architectures, in the order of the released files."""
    listed = list(product(AUTODL_OPERATORS, repeat=6))
    random.Random(AUTODL_SEED).shuffle(listed)
    return listed


@cache
def _places() -> dict[tuple[str, ...], int]:
    return {names: place for place, names in enumerate(autodl_order())}
