"""Graphs per second of the predictor: dense and dgl back ends, and one Python item at a time.

Where there is a CUDA device, the dense back end and our own network run on it, too.

The third way is the authors': a data set that returns one graph of full-width features per item, a
loader that stacks them, the same network on them. All three run in one process, in turn, so that
their ratios hold where absolute numbers drift.

    python benchmarks/predictor_speed.py --threads 1 --cells 20000 --rounds 3
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("DGLBACKEND", "pytorch")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from tgnas.cell import Cells
from tgnas.encodings.canonical import encode as encode_canonical
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.encodings.global_node import encode, node_features
from tgnas.encodings.graphs import Graphs
from tgnas.encodings.sentence import embed_operators
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.predictors.tgnas import Settings, new_network
from tgnas.spaces.nasbench101 import enumerate_cells
from tgnas.training.fit import flatten_parameters

BATCH = 128


class Items(Dataset):
    """One graph per item with its features in full width, as the authors' loader returns them."""

    def __init__(self, graphs: Graphs, features: np.ndarray) -> None:
        self.graphs, self.features = graphs, features

    def __len__(self) -> int:
        return len(self.graphs)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        """Return features (V, D) and aggregation (V, V)."""
        features = self.features[self.graphs.operators[row]]
        return torch.from_numpy(features), torch.from_numpy(self.graphs.aggregation[row])


class ItemNetwork(nn.Module):
    """The same network on stacked items, written plainly."""

    def __init__(self, width: int, layers: int, into: int) -> None:
        super().__init__()
        sizes = [into, *[width] * layers]
        self.linears = nn.ModuleList(map(nn.Linear, sizes[:-1], sizes[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(layers))
        self.head = nn.Linear(width, 1)

    def forward(self, hidden: Tensor, aggregation: Tensor) -> Tensor:
        """Return one score per graph."""
        for linear, norm in zip(self.linears, self.norms, strict=True):
            summed = torch.bmm(aggregation, linear(hidden))
            hidden = torch.relu(norm(summed.flatten(0, 1))).view(summed.shape)
        return self.head(hidden[:, -1]).squeeze(1)


def network_of(
    settings: Settings, graphs: Graphs, embeddings: OperatorEmbeddings, device: str = "cpu"
) -> tuple[nn.Module, Callable]:
    """Return a network of a configuration, and what yields its batches' scores."""
    network = new_network(KnownOperators.of(embeddings), settings)
    network.initialise(torch.Generator().manual_seed(0))
    inputs = network.prepare(graphs)
    if device != "cpu":
        network, inputs = network.to(device), inputs.to(torch.device(device))

    def batches() -> Iterator[Tensor]:
        for index in torch.randperm(len(graphs)).to(device).split(BATCH):
            yield network(inputs.select(index))

    return network, batches


def item_by_item(graphs: Graphs, embeddings: OperatorEmbeddings) -> tuple[nn.Module, Callable]:
    """Return the plain network, and what yields its batches' scores."""
    features = node_features(embeddings.vectors)
    network = ItemNetwork(64, 4, features.shape[1])
    loader = DataLoader(Items(graphs, features), BATCH, shuffle=True)

    def batches() -> Iterator[Tensor]:
        for stacked, aggregation in loader:
            yield network(stacked, aggregation)

    return network, batches


def measure(network: nn.Module, batches: Callable, count: int, *, train: bool) -> float:
    """Return graphs per second of one pass."""
    network.train(train)
    ours = not isinstance(network, ItemNetwork)  # the authors' way steps each parameter by itself
    parameters = [flatten_parameters(network)] if ours else list(network.parameters())
    optimiser = torch.optim.AdamW(parameters, fused=True)
    on_gpu = parameters[0].is_cuda
    if on_gpu:
        torch.cuda.synchronize()
    start = time.perf_counter()
    with torch.set_grad_enabled(train):
        for scores in batches():
            if train:
                optimiser.zero_grad(set_to_none=not ours)
                scores.square().mean().backward()
                optimiser.step()
    if on_gpu:
        torch.cuda.synchronize()
    return count / (time.perf_counter() - start)


def main() -> None:
    """Print medians and ratios as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    smaller = enumerate_cells(5, 1)[0].padded(7)  # 2,532 cells, repeated
    arrays = (smaller.operators, smaller.edges)
    cells = Cells(*(np.resize(array, (arguments.cells, array.shape[1])) for array in arrays))
    graphs = encode(cells)
    embeddings = embed_operators("all-MiniLM-L6-v2", "short")
    ours = load_pretrained("canonical").weights.settings
    parts, canonical = (graphs, embeddings), (encode_canonical(cells), embeddings)
    ways = {
        "dense": network_of(Settings(), *parts),
        "dgl": network_of(Settings(back_end="dgl"), *parts),
        "item by item": item_by_item(*parts),
        "canonical": network_of(ours, *canonical),
    }
    if torch.cuda.is_available():
        ways["dense on cuda"] = network_of(Settings(), *parts, "cuda")
        ways["canonical on cuda"] = network_of(ours, *canonical, "cuda")
    rates: dict[str, list[float]] = {}
    for _ in tqdm(range(arguments.rounds), "rounds", disable=None):
        for name, (network, batches) in ways.items():
            for kind, train in (("training", True), ("scoring", False)):
                rate = measure(network, batches, arguments.cells, train=train)
                rates.setdefault(f"{kind} {name}", []).append(rate)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for kind in ("training", "scoring"):
        ratio = medians[f"{kind} dense"] / medians[f"{kind} item by item"]
        medians[f"{kind} dense / item by item"] = ratio
    facts = {"threads": arguments.threads, "cells": arguments.cells, "rounds": arguments.rounds}
    print(json.dumps(facts | {name: round(value, 2) for name, value in medians.items()}, indent=2))


if __name__ == "__main__":
    main()
