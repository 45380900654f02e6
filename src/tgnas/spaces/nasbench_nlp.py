"""NAS-Bench-NLP (Klyuchnikov et al., arXiv 2006.07116): recurrent cells, 14,322 of them trained.

The benchmark calls a cell a recipe: a JSON object of nodes, each with its operator and the nodes
that it takes. ``x`` is the token, ``h_prev_I`` a hidden state of the step before and ``h_new_I``
the same of this step; ``h_new_0`` is what the next layer takes. A string says the same shorter::

    node_0=linear(x,h_prev_0);h_new_0=activation_tanh(node_0)

How a recipe becomes a cell is our own reading, for a cell has one input, one output and no order
among what a vertex takes:

- the cell's input is the token, and each hidden state of the step before is a vertex behind it;
- ``h_new_0`` leads to the output, and each other hidden state through a vertex of its own;
- a blend of g, a and b, where order counts, is the sum of the products of g and a, and of the
  complement of g and b.

Nothing is left out: the network of the cell computes what that of the recipe does. A recipe is
refused that has a cycle, an unknown operator or node, an operator of another number of inputs, one
that takes a node twice, or a node that no hidden state depends on.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from tgnas.cell import Cells
from tgnas.errors import number_of, shown
from tgnas.operators import NAMES, OperatorAttributes
from tgnas.spaces.forms.base import INPUT, OUTPUT, Alphabet, Form, Graph
from tgnas.spaces.skeleton import RECURRENT
from tgnas.spaces.space import NewOperator, Space

STATES = 3  # hidden states that a cell may hand on
# The networks of the benchmark: embedding, hidden units, layers, words of the Penn Treebank.
EMBEDDING, HIDDEN, LAYERS, WORDS = 400, 600, 3, 10_000
TOKEN, NEW, PREVIOUS, BLEND = "x", "h_new_", "h_prev_", "blend"
LINEAR, PRODUCT, SUM, COMPLEMENT = "linear", "elementwise_prod", "elementwise_sum", "complement"
ACTIVATIONS = ("activation_tanh", "activation_sigm", "activation_leaky_relu")
_MANY = 99
# Operator -> the least and the most nodes that it takes.
ARITIES = {
    LINEAR: (1, _MANY),
    PRODUCT: (2, _MANY),
    SUM: (2, _MANY),
    BLEND: (3, 3),
    COMPLEMENT: (1, 1),
    **dict.fromkeys(ACTIVATIONS, (1, 1)),
}
_BEFORE = tuple(f"previous_state_{i}" for i in range(STATES))
_AFTER = tuple(f"next_state_{i}" for i in range(1, STATES))
_DESCRIPTIONS = {
    LINEAR: "Linear transformation",
    "activation_tanh": "Hyperbolic tangent activation",
    "activation_sigm": "Sigmoid activation",
    "activation_leaky_relu": "Leaky ReLU activation",
    PRODUCT: "Elementwise product of the inputs",
    SUM: "Elementwise sum of the inputs",
    COMPLEMENT: "One minus the input",
    "previous_state_0": "Hidden state of the previous step",
    "previous_state_1": "Second hidden state of the previous step",
    "previous_state_2": "Third hidden state of the previous step",
    "next_state_1": "Second hidden state for the next step",
    "next_state_2": "Third hidden state for the next step",
}
_NODE = re.compile(r"(?P<name>\w+)=(?P<op>\w+)\((?P<input>[\w,]*)\)", re.ASCII)
_STATE = re.compile(rf"({NEW}|{PREVIOUS})([0-{STATES - 1}])")

Recipe = Mapping[str, Mapping[str, Any]]


class Recipes(Form):
    """Recurrent cells of at most 48 vertices."""

    word = RECURRENT
    vertices = 48

    def __init__(self, alphabet: Alphabet) -> None:
        self.alphabet = alphabet
        self._spelled = Alphabet(alphabet.space, dict.fromkeys(ARITIES, 0))
        self._swaps = [
            [alphabet.codes[name] for name in group] for group in (ACTIVATIONS, (PRODUCT, SUM))
        ]

    def object_of(self, text: str) -> dict[str, Any]:
        """Return the recipe of a string, or of the benchmark's own JSON."""
        if text.startswith("{"):
            try:
                recipe = json.loads(text)
            except ValueError:
                recipe = None
            if isinstance(recipe, dict):
                return recipe
        matches = [_NODE.fullmatch(part) for part in text.split(";")]
        nodes = [match.groupdict() for match in matches if match]
        if len(nodes) < len(matches) or len({node["name"] for node in nodes}) < len(nodes):
            raise self.alphabet.refuse(
                f"{shown(text)} is not of the form 'NODE=OPERATOR(NODE,...);...', each node once"
            )
        return {
            node["name"]: {"op": node["op"], "input": [i for i in node["input"].split(",") if i]}
            for node in nodes
        }

    def text_of(self, member: Recipe) -> str:
        """Return the string."""
        return ";".join(
            f"{name}={node['op']}({','.join(node['input'])})" for name, node in member.items()
        )

    def graphs_of(self, member: Recipe) -> list[Graph]:
        """Return the graph of a recipe."""
        recipe = self.checked(member)
        before = [f"{PREVIOUS}{i}" for i in range(STATES)]
        used = [name for name in before if any(name in node["input"] for node in recipe.values())]
        order = [TOKEN, *used, *ordered(recipe)]
        place = {name: vertex for vertex, name in enumerate(order)}
        codes = [INPUT, *(self.alphabet.codes[_BEFORE[before.index(name)]] for name in used)]
        codes += [self.alphabet.codes[recipe[name]["op"]] for name in order[len(codes) :]]
        edges = [(0, vertex) for vertex in range(1, len(used) + 1)]
        edges += [(place[i], place[name]) for name in recipe for i in recipe[name]["input"]]
        after = [i for i in range(1, STATES) if f"{NEW}{i}" in recipe]
        last = len(order) + len(after)
        for vertex, i in enumerate(after, start=len(order)):
            codes.append(self.alphabet.codes[_AFTER[i - 1]])
            edges += [(place[f"{NEW}{i}"], vertex), (vertex, last)]
        edges.append((place[f"{NEW}0"], last))
        if last + 1 > self.vertices:
            raise self.alphabet.refuse(
                f"{number_of(last + 1, 'vertex')}; allowed are at most {self.vertices}"
            )
        return [([*codes, OUTPUT], sorted(edges))]

    def checked(self, member: Recipe) -> dict[str, dict[str, Any]]:
        """Return a recipe without blends.

        Raises:
            InvalidCellError: it is no recurrent cell; ``FAULTS`` names the kinds.
            UnknownInDataError: an operator that the space does not have.
        """
        for name, node in member.items():
            if not (isinstance(node, Mapping) and set(node) == {"op", "input"}):
                raise self.alphabet.refuse(f"node {shown(name)} must have an op and an input")
            if not isinstance(node["op"], str) or not is_names(node["input"]):
                raise self.alphabet.refuse(
                    f"node {shown(name)}: op is a name, input a list of them"
                )
            operator, count = node["op"], len(node["input"])
            self._spelled.code(operator)
            least, most = ARITIES[operator]
            if not least <= count <= most:
                raise self.alphabet.refuse(
                    f"{shown(name)}: {operator} takes {number_of(count, 'node')}"
                )
        recipe = without_blends(member)
        known = {TOKEN, *recipe, *(f"{PREVIOUS}{i}" for i in range(STATES))}
        for name, node in recipe.items():
            self._check_node(name, node["input"], known)
        if f"{NEW}0" not in recipe:
            raise self.alphabet.refuse(f"there is no {NEW}0, which the next layer takes")
        states = {name for name in recipe if _STATE.fullmatch(name)}
        previous = {i for node in recipe.values() for i in node["input"] if i.startswith(PREVIOUS)}
        lost = sorted(name for name in previous if name.replace(PREVIOUS, NEW) not in states)
        if lost:
            raise self.alphabet.refuse(f"{lost[0]} is taken, but no step makes it anew")
        order = ordered(recipe)
        if len(order) < len(recipe):
            rest = sorted(set(recipe) - set(order))
            raise self.alphabet.refuse(f"a cycle leads through {', '.join(rest)}")
        needed = set(states)
        for name in reversed(order):
            needed |= set(recipe[name]["input"]) if name in needed else set()
        if dead := sorted(set(recipe) - needed):
            raise self.alphabet.refuse(f"no hidden state depends on {dead[0]}")
        return recipe

    def _check_node(self, name: str, inputs: list[str], known: set[str]) -> None:
        if name == TOKEN or name.startswith(PREVIOUS):
            raise self.alphabet.refuse(f"node {name} is an input of the cell")
        if unknown := [i for i in inputs if i not in known]:
            raise self.alphabet.refuse(f"{shown(name)} takes {shown(unknown[0])}, which is no node")
        if len(set(inputs)) < len(inputs):
            raise self.alphabet.refuse(f"{shown(name)} takes a node twice: {shown(inputs)}")

    def objects_of(self, cells: Cells) -> list[dict[str, Any]]:
        """Return the recipes of cells, which have no blends."""
        adjacency = cells.adjacency()
        return [
            self._recipe(codes[:size].tolist(), matrix)
            for codes, size, matrix in zip(cells.operators, cells.sizes, adjacency, strict=True)
        ]

    def _recipe(self, codes: list[int], matrix: np.ndarray) -> dict[str, Any]:
        known = self.alphabet.names
        if any(code not in known for code in codes[1:-1]):
            raise self.alphabet.refuse("a cell is not in this search space")
        spelled = ["", *(known[code] for code in codes[1:-1]), ""]
        names, last = {0: TOKEN}, len(codes) - 1
        sources = [np.flatnonzero(matrix[:, vertex]).tolist() for vertex in range(len(codes))]
        for vertex, operator in enumerate(spelled):
            if operator in _BEFORE:
                names[vertex] = f"{PREVIOUS}{_BEFORE.index(operator)}"
            elif operator in _AFTER and sources[vertex]:
                names[sources[vertex][0]] = f"{NEW}{_AFTER.index(operator) + 1}"
        ends = [vertex for vertex in sources[last] if spelled[vertex] not in _AFTER]
        if len(ends) != 1:
            raise self.alphabet.refuse("a cell is not in this search space")
        names[ends[0]] = f"{NEW}0"
        inner = [
            v for v in range(1, last) if spelled[v] not in _BEFORE and spelled[v] not in _AFTER
        ]
        for number, vertex in enumerate(inner):
            names.setdefault(vertex, f"node_{number}")
        return {
            names[vertex]: {"op": spelled[vertex], "input": [names[i] for i in sources[vertex]]}
            for vertex in inner
        }

    def sample(self, count: int, generator: np.random.Generator) -> Cells:
        """Return cells drawn by a rule of our own; not as the benchmark's were.

        One to three hidden states are handed on. From 3 to 12 nodes are drawn, each with a random
        operator and random earlier nodes; each hidden state is an activation of one of them, and
        what none of them depends on is left out.
        """
        graphs = [self.graphs_of(self._drawn(generator))[0] for _ in range(count)]
        return self.pack(graphs)

    def _drawn(self, generator: np.random.Generator) -> dict[str, Any]:
        states = int(generator.integers(1, STATES + 1))
        names = [TOKEN, *(f"{PREVIOUS}{i}" for i in range(states))]
        recipe: dict[str, Any] = {"node_0": {"op": LINEAR, "input": list(names)}}
        names.append("node_0")
        for number in range(1, int(generator.integers(3, 13))):
            operator = str(generator.choice([LINEAR, PRODUCT, SUM, BLEND, *ACTIVATIONS]))
            least, _ = ARITIES[operator]
            many = int(generator.integers(1, 4)) if operator == LINEAR else least
            if many < len(names):
                inputs = generator.choice(names[1:], many, replace=False)
                recipe[f"node_{number}"] = {"op": operator, "input": inputs.tolist()}
                names.append(f"node_{number}")
        for state in range(states):
            source = "node_0" if state == 0 else str(generator.choice(names[states + 1 :]))
            source = names[-1] if state == 0 and generator.random() < 0.8 else source
            operator = str(generator.choice(ACTIVATIONS))
            recipe[f"{NEW}{state}"] = {"op": operator, "input": [source]}
        return living(recipe)

    def neighbours(self, cells: Cells) -> Cells:
        """Return all cells with another activation, or a product for a sum, at one node."""
        codes = cells.operators[0]
        changed = []
        for vertex, code in enumerate(codes):
            for group in self._swaps:
                for other in group:
                    if code in group and other != code:
                        row = codes.copy()
                        row[vertex] = other
                        changed.append(row)
        operators = np.array(changed, dtype=np.uint8).reshape(-1, cells.vertices)
        return Cells(operators, np.repeat(cells.edges[:1], len(operators), axis=0))


# What may be wrong with a recipe -> what its message says.
FAULTS = MappingProxyType(
    {
        "cycle": r"a cycle leads through",
        "unknown operation": r"^unknown nasbench_nlp operator",
        "unknown node": r"which is no node$",
        "number of inputs": r"takes \d+ nodes$",
        "dead node": r"no hidden state depends on",
        "hidden state": r"there is no h_new_0|no step makes it anew$",
    }
)


def fault_of(error: Exception) -> str:
    """Return the kind of what is wrong with a recipe, a word of ``FAULTS`` or "other"."""
    return next((kind for kind, clue in FAULTS.items() if re.search(clue, str(error))), "other")


def is_names(value: Any) -> bool:
    """Tell whether a value is a list of names."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def without_blends(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """Return a recipe with each blend as the sum of two products."""
    plain: dict[str, dict[str, Any]] = {}
    for name, node in recipe.items():
        operator, inputs = node["op"], list(node["input"])
        if operator != BLEND:
            plain[name] = {"op": operator, "input": inputs}
            continue
        gate, one, other = inputs
        first, left, second = (f"{name}.{part}" for part in ("gated", "left", "rest"))
        plain[first] = {"op": PRODUCT, "input": [gate, one]}
        plain[left] = {"op": COMPLEMENT, "input": [gate]}
        plain[second] = {"op": PRODUCT, "input": [left, other]}
        plain[name] = {"op": SUM, "input": [first, second]}
    return plain


def ordered(recipe: Recipe) -> list[str]:
    """Return the nodes so that each stands behind those that it takes, else as in the recipe.

    Nodes on a cycle, or behind one, are left out.
    """
    order: list[str] = []
    done: set[str] = set()
    waiting = list(recipe)
    while waiting:
        ready = next(
            (n for n in waiting if all(i in done or i not in recipe for i in recipe[n]["input"])),
            None,
        )
        if ready is None:
            break
        order.append(ready)
        done.add(ready)
        waiting.remove(ready)
    return order


def living(recipe: Recipe) -> dict[str, Any]:
    """Return what the hidden states depend on."""
    needed = {name for name in recipe if _STATE.fullmatch(name)}
    for name in reversed(ordered(recipe)):
        needed |= set(recipe[name]["input"]) if name in needed else set()
    return {name: dict(node) for name, node in recipe.items() if name in needed}


def attributes_of(names: Iterable[str]) -> tuple[NewOperator, ...]:
    """Return the operators that the vocabulary does not have; of them one has weights."""
    return tuple(
        NewOperator(
            _DESCRIPTIONS[n], OperatorAttributes(weights=float(n == LINEAR), reach=0).numbers
        )
        for n in names
    )


def _alphabet(names: Sequence[str]) -> Alphabet:
    codes = {name: len(NAMES) + number for number, name in enumerate(names)}
    return Alphabet("nasbench_nlp", MappingProxyType(codes))


FORM = Recipes(_alphabet(tuple(_DESCRIPTIONS)))
SPACE = Space(
    "nasbench_nlp",
    "NAS-Bench-NLP (Klyuchnikov et al., 2020), recurrent cells for language modelling",
    FORM,
    attributes_of(_DESCRIPTIONS),
)
