"""The maker of digits-bench: its images, its trainings, its shards, and that it resumes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from conftest import ROOT, script
from project import Project
from strategies import sized
from torch import nn

from tgnas.costs.layers import count_parameters
from tgnas.errors import ConfigError, CorruptTableError
from tgnas.image_training.digits import IMAGES, Digits, open_digits
from tgnas.image_training.digits_bench import (
    card_of,
    joined,
    list_architectures,
    measure_architecture,
)
from tgnas.image_training.final import build, count_cost
from tgnas.image_training.loop import measure, train
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import read_recipe
from tgnas.spaces import nasbench101, nasbench201

RECIPE = ROOT / "config/recipes/digits.yaml"
CHANGE = {"train_images": 40, "validation_images": 100, "channels": 4, "epochs": 2, "batch": 15}
SHORT = read_recipe(RECIPE, CHANGE)
ALONE = Process(0, 1, torch.device("cpu"))
SIZES = {"max_vertices": 3, "drawn": 3, "seed": 0}
CONVOLUTION = "input,conv3x3-bn-relu,output;0-1,1-2"
NB201 = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|"
EXAMPLES = [("nasbench101", CONVOLUTION), ("nasbench201", NB201)]


def digits_of(**changes) -> Digits:
    return open_digits(read_recipe(RECIPE, CHANGE | changes), ALONE)


def every_split(digits: Digits) -> list[torch.Tensor]:
    return [digits.pixels[0], digits.validation[0], digits.pixels[1]]


def trained(
    seed: int, space: str = "nasbench101", architecture: str = CONVOLUTION, test: bool = False
) -> list:
    """Return the history without its times."""
    recipe = SHORT.model_copy(update={"space": space})
    network = build(architecture, recipe, 10, seed)
    history = train(network, digits_of(), recipe, seed=seed, process=ALONE, test=test)
    return [(epoch.lr, epoch.train_loss, epoch.train_accuracy) for epoch in history]


def test_the_splits_hold_every_image_once():
    digits = digits_of()
    images = every_split(digits)
    assert list(map(len, images)) == [40, 100, IMAGES - 140]
    images = torch.cat(images)[:, 0].flatten(1)
    whole = digits_of(train_images=500, split_seed=1)
    others = torch.cat(every_split(whole))
    order = [len(torch.unique(values, dim=0)) for values in (images, others[:, 0].flatten(1))]
    assert order[0] == order[1] > IMAGES - 10  # a handful of images are equal


def test_every_split_has_all_classes_in_their_shares():
    digits = digits_of()
    for labels in (*digits.labels, digits.validation[1]):
        shares = torch.bincount(labels, minlength=10) / len(labels)
        assert torch.all((shares - 0.1).abs() < 0.02)


def test_images_are_normalised_by_the_training_pixels():
    pixels = digits_of().pixels[0]
    assert abs(float(pixels.mean())) < 1e-6
    assert abs(float(pixels.std(correction=0)) - 1) < 1e-6


def test_another_seed_of_the_split_draws_other_images():
    other = digits_of(split_seed=1)
    assert not torch.equal(other.pixels[0], digits_of().pixels[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs: 0 is not allowed; it should be greater than or equal to 1"),
        (
            {"train_images": 1700},
            "1,700 training images and 100 validation images leave -3 of 1,797",
        ),
        ({"validation_images": 1}, "and 1 validation image leave"),
        ({"validation_images": 5}, "each split needs at least 10"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        digits_of(**changes)


@pytest.mark.parametrize(("space", "architecture"), EXAMPLES)
def test_a_training_is_a_function_of_its_seed(space, architecture):
    first = trained(0, space, architecture)
    assert first == trained(0, space, architecture)
    assert first != trained(1, space, architecture)


def test_a_training_learns():
    first, *_, last = trained(0, "nasbench201", NB201)
    assert last[1] < first[1]


def test_the_learning_rate_starts_as_told_and_falls():
    rates = [lr for lr, *_ in trained(0)]
    assert rates[0] == SHORT.learning_rate > rates[1] > 0


def test_building_a_network_leaves_the_callers_generator_alone():
    before = torch.get_rng_state()
    build(NB201, SHORT, 10, 3)
    assert torch.equal(torch.get_rng_state(), before)


def test_measuring_between_epochs_changes_no_training():
    assert trained(0, test=True) == trained(0)


def test_the_last_epoch_is_tested_as_the_trained_network_is_measured():
    network = build(NB201, SHORT, 10, 0)
    last = train(network, digits_of(), SHORT, seed=0, process=ALONE)[-1]
    measures = measure(network, digits_of(), SHORT, ALONE)
    assert (last.test_loss, last.test_accuracy, last.test_top5) == measures
    validated = measure(network, digits_of().validated(), SHORT, ALONE)
    assert validated != measures


@pytest.mark.parametrize(("space", "architecture"), EXAMPLES)
def test_flops_are_those_of_every_filter_at_every_pixel(space, architecture):
    recipe, flops = SHORT.model_copy(update={"space": space}), []
    network = build(architecture, recipe, 10, 0).eval()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(
                lambda layer, _, output: flops.append(output.numel() * layer.weight[0].numel())
            )
    network(torch.zeros(1, 3, 8, 8))
    assert count_cost(architecture, recipe)[1] == sum(flops)


def test_parameters_are_those_that_are_counted_analytically():
    cells = nasbench201.SPACE.architectures([NB201])
    assert count_cost(NB201, SHORT)[0] == count_parameters(sized(cells, width=4, depth=3), 10)[0]


def test_small_cells_are_all_and_the_others_drawn():
    listed = list_architectures(1000, 0, 5)
    assert listed.space.value_counts().to_dict() == {"nasbench101": 2532, "nasbench201": 1000}
    assert not listed.duplicated().any()
    other = list_architectures(1000, 1, 2)
    assert set(other.architecture) != set(listed.architecture)


def test_cells_of_three_vertices_are_those_drawn_by_hand():
    # Input to output, or over one of three operators, with or without the edge past it.
    names = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
    by_hand = {"input,output;0-1"} | {
        f"input,{name},output;{edges}" for name in names for edges in ("0-1,1-2", "0-1,0-2,1-2")
    }
    listed = list_architectures(3, 0, 3)
    assert set(listed[listed.space == nasbench101.SPACE.name].architecture) == by_hand


def made(folder: Path) -> tuple[pd.DataFrame, dict]:
    """Make a small digits-bench with the scripts in two shards; return its table and card."""
    shards = [folder / f"{shard}.parquet" for shard in range(2)]
    about = {"sizes": SIZES, "recipe": RECIPE, "change": CHANGE}
    for shard, path in enumerate(shards):
        common = {"seeds": 2, "threads": 1, "shards": 2, **about}
        script("train_digits_shard")(trained=path, shard=shard, **common)
    table, card = folder / "table.parquet", folder / "card.json"
    script("join_digits_shards")(
        shards=shards, table=table, card=card, maker="digits_bench", title="small", **about
    )
    return pd.read_parquet(table), json.loads(card.read_text())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, dict]:
    return made(tmp_path_factory.mktemp("digits"))


def test_shards_join_to_what_one_job_measures(small):
    table, _ = small
    assert len(table) == 10
    digits = digits_of()
    for row in (0, 7):
        own = measure_architecture(*table.loc[row, ["space", "architecture"]], SHORT, digits, 2)
        for name in own:
            if name not in ("space", "architecture") and not name.startswith("seconds"):
                assert table.loc[row, name] == pytest.approx(own[name], rel=1e-6)


def test_a_card_says_how_the_accuracies_spread(small):
    table, card = small
    assert card["trainings"] == 20
    assert card["recipe"] == SHORT.settings()
    part = table[table.space == "nasbench101"]
    means = (part["test_accuracy/0"] + part["test_accuracy/1"]) / 2
    described = card["spaces"]["nasbench101"]
    assert described["test_accuracy"]["50 %"] == pytest.approx(means.median(), abs=0.01)
    halved = (part["test_accuracy/0"] - part["test_accuracy/1"]) ** 2 / 2
    assert described["deviation_of_seeds"] == pytest.approx(np.sqrt(halved.mean()), abs=1e-3)


def test_shards_that_lack_an_architecture_are_refused(small):
    table, _ = small
    listed = table[["space", "architecture"]]
    with pytest.raises(CorruptTableError, match="do not hold the listed architectures"):
        joined([table.iloc[:5], table.iloc[6:]], listed)
    with pytest.raises(CorruptTableError, match="do not hold the listed architectures"):
        joined([table], listed.iloc[:9])


def test_one_seed_has_no_spread():
    table = pd.DataFrame({"space": ["nasbench101"] * 3, "seconds/0": 1.0})
    for column in ("test_accuracy/0", "validation_accuracy/0"):
        table[column] = [10.0, 20.0, 30.0]
    described = card_of(table, "small", SIZES, SHORT.settings())["spaces"]["nasbench101"]
    assert described["test_accuracy"]["50 %"] == 20
    assert "seeds_spearman_rho" not in described


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Copy the project with a config that makes a small digits-bench in three shards."""
    copy = Project.copy(tmp_path_factory.mktemp("maker"), [], "config/small.yaml")
    section = {"architectures": SIZES, "shards": 3, "change": CHANGE}
    paths = {"data": "results/data"}
    small = {"pathvars": paths, "digits_bench": section}
    (copy.folder / "config/small.yaml").write_text(yaml.safe_dump(small))
    return copy


@pytest.mark.slow
def test_the_maker_resumes_and_keeps_what_is_finished(maker: Project):
    finished, killed = (f"results/digits_bench/{shard}.parquet" for shard in (0, 1))
    assert maker.run("--", finished).returncode == 0
    written = (maker.folder / finished).stat().st_mtime_ns
    log = maker.folder / "logs/train_digits_shard/digits_bench/1.log"
    maker.run_and_kill("--", killed, when=log)
    assert not (maker.folder / killed).exists()
    assert maker.run("--unlock").returncode == 0
    done = maker.run("--rerun-incomplete", "--", "digits_bench")
    assert done.returncode == 0, done.stdout
    assert (maker.folder / finished).stat().st_mtime_ns == written
    assert len(pd.read_parquet(maker.folder / "results/data/digits_bench.parquet")) == 10
    assert not maker.planned("--", "digits_bench")


def test_the_config_holds_the_recipe_that_the_maker_takes():
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    recipe = read_recipe(ROOT / config["digits_bench"]["recipe"], config["digits_bench"]["change"])
    assert open_digits(recipe, ALONE).test_size > 0
