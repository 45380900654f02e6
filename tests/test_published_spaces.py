"""Search spaces of papers, in space files as docs/own-space.md says: their sizes and networks."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tgnas.costs.layers import count_flops, count_parameters
from tgnas.inference.pretrained import load_pretrained
from tgnas.spaces.space import Space, space_of

STAGES = ((1, 1, 16), (2, 2, 24), (2, 2, 40), (1, 1, 80))  # blocks, stride, width
CONVOLUTIONS = {f"k{k}e{e}": f"MBConv {k}x{k}, expansion {e}" for k in (3, 5) for e in (3, 6)}
GATED = {
    f"{name}s": {"description": f"{words}, squeeze and excitation", "attributes": {"squeeze": 0.25}}
    for name, words in CONVOLUTIONS.items()
}
# Squeeze and excitation stands in the second stage alone, and a stage's first block is never left
# out, as in Once-for-all's space of MobileNetV3 (Cai et al., ICLR 2020).
LIMITS = [
    {"operators": [*GATED], "most": 0, "blocks": [1, 1]},
    {"operators": [*CONVOLUTIONS], "most": 0, "blocks": [2, 3]},
    {"operators": [*GATED], "most": 0, "blocks": [4, 6]},
    *({"operators": ["skip"], "most": 0, "blocks": [block, block]} for block in (1, 2, 4, 6)),
]


def mobile() -> Space:
    stages = [{"cells": cells, "stride": s, "width": w} for cells, s, w in STAGES[1:]]
    return space_of(
        {
            "name": "mobile",
            "operators": CONVOLUTIONS | GATED | {"skip": {"kind": "identity"}},
            "cells": {
                "form": "blocks",
                "length": 6,
                "separator": "-",
                "stages": [1, 2, 4, 6],
                "limits": LIMITS,
            },
            "network": {
                "image": 64,
                "width": 16,
                "stem": [{"stride": 2, "widen": 2}],
                "stages": [{"cells": 1}, *stages],
                "head": 96,
            },
        }
    )


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1):
    padding = kernel // 2
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Gates(nn.Module):
    """Squeeze and excitation to a quarter of the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            *(nn.Conv2d(channels, channels // 4, 1), nn.Conv2d(channels // 4, channels, 1)),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features * self.body(features)


def block(name: str, inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return an inverted residual; its shortcut has no weights."""
    if name == "skip":
        return nn.Identity()
    kernel, hidden = int(name[1]), inputs * int(name[3])
    return nn.Sequential(
        convolution(inputs, hidden, 1),
        convolution(hidden, hidden, kernel, stride, hidden),
        Gates(hidden) if name.endswith("s") else nn.Identity(),
        convolution(hidden, outputs, 1),
    )


def network(architecture: str) -> nn.Module:
    parts, width, names = [convolution(3, 32, 3, 2)], 32, iter(architecture.split("-"))
    for cells, stride, wide in STAGES:
        for cell in range(cells):
            parts.append(block(next(names), width, wide, 1 if cell else stride))
            width = wide
    head = (convolution(width, 96, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, 10))
    return nn.Sequential(*parts, *head)


def multiply_adds(module: nn.Module) -> int:
    """Return those of convolutions and dense layers of one image of 64 pixels."""
    done = []

    def count(layer: nn.Module, _: object, output: Tensor) -> None:
        weights = layer.weight.numel() // layer.weight.shape[0]
        done.append(output.numel() * weights)

    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    with torch.no_grad():
        module.eval()(torch.zeros(1, 3, 64, 64))
    return sum(done)


@pytest.mark.parametrize(
    "architecture",
    [
        "k3e3-k3e3s-skip-k3e3-skip-k3e3",
        "k5e6-k5e6s-k5e6s-k5e6-k5e6-k5e6",
        "k3e6-k5e3s-skip-k3e6-k5e3-k5e6",
    ],
)
def test_mobile_networks_with_squeeze_and_excitation_are_counted_as_torch_counts_them(
    architecture,
):
    parsed, module = mobile().parse(architecture), network(architecture)
    assert count_parameters(parsed)[0] == sum(p.numel() for p in module.parameters())
    assert count_flops(parsed)[0] * 1e6 == pytest.approx(multiply_adds(module))


def test_a_mobile_space_whose_stages_differ_is_drawn_and_walked():
    space = mobile()
    assert space.size == 4 * (4 * 5) * (4 * 5) * 4
    some = space.sample(100, np.random.default_rng(0))
    assert space.architectures(space.format(some)).row_keys() == some.row_keys()
    around = space.neighbours(some[:1])
    assert len(space.format(around)) == 3 * 4 + 4 * 2


def test_a_mobile_network_scores_higher_with_another_block_and_with_a_larger_one():
    texts = ["k3e3-k3e3s-skip-k3e3-skip-k3e3", "k3e3-k3e3s-k3e3s-k3e3-skip-k3e3"]
    texts += ["k3e3-k3e3s-k5e6s-k3e3-skip-k3e3", "k3e3-k5e6s-k5e6s-k3e3-k5e6-k5e6"]
    scores = load_pretrained().score(texts, space=mobile())
    assert (np.diff(scores) > 0).all()


def test_the_units_of_single_path_one_shot_are_as_many_as_published():
    # Guo et al., ECCV 2020: four choices in each of 20 places, a unit with a stride where one is.
    kinds = ("3", "5", "7", "x")
    unit = {"description": "Unit of ShuffleNetV2", "attributes": {"weights": 0.5}}
    operators = {f"{place}{kind}": unit for place in "ud" for kind in kinds}
    ends, strided = [0, 4, 8, 16, 20], [f"d{kind}" for kind in kinds]
    limits = [
        limit
        for first, last in pairwise(ends)
        for limit in (
            {"operators": strided, "least": 1, "blocks": [first + 1, first + 1]},
            {"operators": strided, "most": 0, "blocks": [first + 2, last]},
        )
    ]
    cells = {"form": "blocks", "length": 20, "limits": limits}
    assert space_of({"name": "spos", "operators": operators, "cells": cells}).size == 4**20


def test_the_strings_of_nasbench_asr_are_as_many_as_published():
    # Mehrotra et al., ICLR 2021: 6^3 operators and 2^6 sums with what stands before.
    names = ("linear", "conv5", "conv5d2", "conv7", "conv7d2", "none")
    attributes = {"weights": 5, "reach": 2}
    operators = {name: {"description": name, "attributes": attributes} for name in names[:-1]}
    operators |= {"none": {"kind": "zero"}, "skip": {"kind": "identity"}}
    computed, passed = ("0-1", "2-3", "4-5"), ("1-2", "3-4", "5-6")
    summed = ("0-2", "0-4", "2-4", "0-6", "2-6", "4-6")
    only = {edge: [*names] for edge in computed} | {edge: ["skip"] for edge in passed}
    only |= {edge: ["none", "skip"] for edge in summed}
    edges = [[*map(int, edge.split("-"))] for edge in only]
    cells = {"form": "operators_on_edges", "nodes": 7, "edges": edges, "only": only}
    assert space_of({"name": "asr", "operators": operators, "cells": cells}).size == 13_824
