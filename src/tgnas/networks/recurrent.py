"""Recipes of NAS-Bench-NLP as recurrent language models (Klyuchnikov et al., arXiv 2006.07116).

As the benchmark's: an embedding of words, three layers of 600, 600 and 400 units, each with weights
of its own, and a decoder that shares the embedding. A linear node has a matrix for each node that
it takes, and one bias. Weights are uniform within 1 / sqrt(units), the embedding within 0.1.

Deviates: the dropouts of training are left out, for nothing is trained and metrics are taken in
evaluation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from tgnas.spaces.nasbench_nlp import (
    BLEND,
    COMPLEMENT,
    EMBEDDING,
    FORM,
    HIDDEN,
    LAYERS,
    LINEAR,
    NEW,
    PREVIOUS,
    PRODUCT,
    SUM,
    TOKEN,
    WORDS,
    ordered,
)

_ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "activation_tanh": torch.tanh,
    "activation_sigm": torch.sigmoid,
    "activation_leaky_relu": functional.leaky_relu,
    COMPLEMENT: lambda values: 1 - values,
}


class RecurrentLayer(nn.Module):
    """One layer: the recipe's cell at every step."""

    def __init__(self, recipe: Mapping[str, Any], input_size: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.order = [(name, recipe[name]["op"], recipe[name]["input"]) for name in ordered(recipe)]
        self.states = [i for i in range(3) if f"{NEW}{i}" in recipe]
        self.parts = nn.ModuleList()
        self._place: dict[tuple[str, str], int] = {}
        for name, operator, inputs in self.order:
            for number, source in enumerate(inputs if operator == LINEAR else ()):
                self._place[name, source] = len(self.parts)
                size = input_size if source == TOKEN else hidden
                self.parts.append(nn.Linear(size, hidden, bias=number == 0))
        for value in self.parameters():
            nn.init.uniform_(value, -(hidden**-0.5), hidden**-0.5)

    def forward(
        self, inputs: Float[Tensor, "T B D"]
    ) -> tuple[Float[Tensor, "T B H"], Float[Tensor, "T B H"]]:
        """Return the first hidden state behind and before each step; the first is 0."""
        steps, batch, _ = inputs.shape
        # What is linear in the tokens is the same at every step: one product for all.
        of_tokens = {
            name: self.parts[place](inputs)
            for (name, source), place in self._place.items()
            if source == TOKEN
        }
        state = {i: inputs.new_zeros(batch, self.hidden) for i in self.states}
        before, behind = [], []
        for step in range(steps):
            before.append(state[0])
            state = self._step(inputs[step], state, {n: x[step] for n, x in of_tokens.items()})
            behind.append(state[0])
        return torch.stack(behind), torch.stack(before)

    def _step(
        self, token: Tensor, state: dict[int, Tensor], of_tokens: dict[str, Tensor]
    ) -> dict[int, Tensor]:
        seen = {TOKEN: token} | {f"{PREVIOUS}{i}": value for i, value in state.items()}
        for name, operator, inputs in self.order:
            if operator == LINEAR:
                parts = [
                    of_tokens[name]
                    if source == TOKEN
                    else self.parts[self._place[name, source]](seen[source])
                    for source in inputs
                ]
                seen[name] = torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]
            else:
                seen[name] = combined(operator, [seen[source] for source in inputs])
        return {i: seen[f"{NEW}{i}"] for i in self.states}


def combined(operator: str, values: Sequence[Tensor]) -> Tensor:
    """Return what an operator without weights makes of what it takes."""
    if operator == BLEND:
        gate, one, other = values
        return gate * one + (1 - gate) * other
    if operator in (PRODUCT, SUM):
        result = values[0]
        for value in values[1:]:
            result = result * value if operator == PRODUCT else result + value
        return result
    return _ACTIVATIONS[operator](values[0])


class RecurrentNetwork(nn.Module):
    """A language model of three layers of one recipe."""

    def __init__(
        self, recipe: Mapping[str, Any], words: int, embedding: int, hidden: int, layers: int
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, embedding)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        sizes = [embedding, *[hidden] * (layers - 1), embedding]
        self.layers = nn.ModuleList(
            RecurrentLayer(recipe, sizes[i], sizes[i + 1]) for i in range(layers)
        )
        self.bias = nn.Parameter(torch.zeros(words))

    def states(self, tokens: Int64[Tensor, "B T"]) -> list[Float[Tensor, "T B _"]]:
        """Return the first hidden state of each layer before each step."""
        states, values = [], self.embedding(tokens).transpose(0, 1)
        for layer in self.layers:
            values, before = layer(values)
            states.append(before)
        return states

    def forward(self, tokens: Int64[Tensor, "B T"]) -> Float[Tensor, "B T W"]:
        """Return a logit for each word that may come next."""
        values = self.embedding(tokens).transpose(0, 1)
        for layer in self.layers:
            values, _ = layer(values)
        return functional.linear(values.transpose(0, 1), self.embedding.weight, self.bias)


def recurrent_network(
    recipe: Mapping[str, Any],
    words: int = WORDS,
    embedding: int = EMBEDDING,
    hidden: int = HIDDEN,
    layers: int = LAYERS,
) -> RecurrentNetwork:
    """Return the network of a recipe, at the benchmark's size by default.

    Raises:
        InvalidCellError: it is no recurrent cell.
    """
    FORM.checked(recipe)
    return RecurrentNetwork(recipe, words, embedding, hidden, layers)
