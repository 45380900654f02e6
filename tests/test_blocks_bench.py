"""blocks-bench: the networks are what is counted, and the table is what the maker makes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch.utils.flop_counter import FlopCounterMode

from tgnas.benchmarks import _blocks
from tgnas.benchmarks._digits import read_card, read_table
from tgnas.benchmarks.base import Benchmark
from tgnas.costs.layers import count_flops, count_parameters
from tgnas.image_training.blocks_bench import (
    card_of,
    list_architectures,
    measure_architecture,
    open_small_images,
)
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import read_recipe
from tgnas.networks.blocks import BlockNetwork
from tgnas.registry import BENCHMARKS
from tgnas.spaces.space import open_space

ROOT = Path(__file__).parents[1]
CARD, TABLE = read_card(_blocks.TABLE), read_table(_blocks.TABLE)
CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text())["studies"]["blocks_bench"]
SPACES = ("small_macro", "small_widths")
EXAMPLES = [
    ("small_macro", "14acd width=4"),
    ("small_macro", "b3a2 width=12"),
    ("small_widths", "8:8:12:32:4"),
]


@pytest.mark.parametrize(("space", "text"), EXAMPLES)
def test_a_network_of_blocks_has_the_parameters_and_flops_that_are_counted(space, text):
    member = open_space(space).architectures([text])
    network = BlockNetwork(member, 10)
    assert sum(p.numel() for p in network.parameters()) == count_parameters(member)[0]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(1, 3, 16, 16))
    assert counter.get_total_flops() // 2 == round(1e6 * count_flops(member)[0])


def test_architectures_are_drawn_of_every_length_and_none_twice():
    listed = list_architectures(40, 20, 0)
    assert not listed.duplicated().any()
    lengths = listed[listed.space == "small_macro"].architecture.str.index(" ")
    assert lengths.value_counts().to_dict() == {3: 10, 4: 10, 5: 10, 6: 10}
    dealt = [list_architectures(40, 20, 0, 3, [shard]) for shard in range(3)]
    assert sorted(index for part in dealt for index in part.index) == list(range(60))


def test_the_table_is_of_the_architectures_that_the_config_lists():
    sizes = {name: CONFIG[name] for name in ("macro", "widths", "seed", "shards", "taken")}
    assert CARD["architectures"] == sizes
    listed = list_architectures(**sizes).reset_index(drop=True)
    assert TABLE[["space", "architecture"]].equals(listed)
    made = card_of(TABLE, CARD["title"], sizes, CARD["recipe"])
    assert made == {name: value for name, value in CARD.items() if name != "made_by"}


@pytest.mark.parametrize("space", SPACES)
def test_a_benchmark_holds_the_mean_of_the_seeds_that_are_there(space):
    known = Benchmark(space, BENCHMARKS.load(space)())
    own = TABLE[TABLE.space == space]
    one, two = own["test_accuracy/0"].to_numpy(), own["test_accuracy/1"].to_numpy()
    means = np.where(np.isnan(two), one, (one + two) / 2)
    accuracies = known.accuracy(dataset="cifar10", split="test", epochs=CARD["recipe"]["epochs"])
    assert accuracies == pytest.approx(means, abs=1e-4)
    assert known.cost("parameters", dataset="cifar10").tolist() == own.parameters.tolist()
    assert open_space(space).format(known.architectures) == own.architecture.tolist()


@pytest.mark.slow
def test_a_training_gives_the_tables_numbers_again(resource_file: Callable[[str], Path]):
    # To the bit where torch and processor round alike; elsewhere as another seed would.
    row = TABLE[TABLE.space == "small_macro"].sort_values("flops").iloc[0]
    recipe = read_recipe(ROOT / CONFIG["recipe"], CONFIG["change"])
    alone = Process(0, 1, torch.device("cpu"))
    images = open_small_images(
        resource_file("cifar10/cifar10_jpeg_q75.parquet"), recipe, CONFIG["side"], alone
    )
    again = measure_architecture(row.space, row.architecture, recipe, images, 1)
    assert (again["parameters"], again["flops"]) == (row.parameters, row.flops)
    assert again["test_accuracy/0"] == pytest.approx(row["test_accuracy/0"], abs=6)
