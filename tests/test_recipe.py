"""Recipes: what their files say, and what is refused."""

from pathlib import Path

import pytest
import yaml

from tgnas.errors import ConfigError, UnknownNameError
from tgnas.image_training.recipe import read_recipe

RECIPES = Path(__file__).parents[1] / "config" / "recipes"
NASBENCH201, DARTS = RECIPES / "nasbench201.yaml", RECIPES / "darts.yaml"
IMAGENET = RECIPES / "imagenet.yaml"


@pytest.mark.parametrize("path", sorted(RECIPES.iterdir()), ids=lambda path: path.stem)
def test_every_recipe_is_whole_as_it_stands(path):
    assert read_recipe(path).label("cuda") == "full recipe"


def test_the_darts_recipe_is_that_of_the_paper():
    recipe = read_recipe(DARTS).model_dump()
    assert recipe | {"channels": 36, "layers": 20, "epochs": 600, "batch": 96} == recipe
    assert recipe | {"learning_rate": 0.025, "weight_decay": 3e-4, "clip": 5.0} == recipe
    assert recipe | {"auxiliary": 0.4, "drop_path": 0.3, "cutout": 16} == recipe


def test_the_imagenet_recipe_is_that_of_the_paper():
    recipe = read_recipe(IMAGENET).model_dump()
    assert recipe | {"channels": 48, "layers": 14, "learning_rate": 0.5} == recipe
    assert recipe | {"weight_decay": 3e-5, "warm_up": 5, "label_smoothing": 0.1} == recipe


def test_the_rate_rises_along_a_line_then_falls_along_a_cosine():
    recipe = read_recipe(IMAGENET, {"epochs": 25, "warm_up": 5, "learning_rate": 1})
    rates = [recipe.rate(epochs) for epochs in (0.0, 2.5, 5.0, 15.0, 25.0)]
    assert rates == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_dropped_paths_grow_along_a_line():
    recipe = read_recipe(DARTS)
    assert [recipe.kept(epoch) for epoch in (0, 300)] == pytest.approx([1, 0.85])


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "full recipe"),
        ({"epochs": 200, "momentum": 0.9}, "full recipe"),
        ({"epochs": 199}, "short CPU run"),
        ({"train_images": 49_999}, "short CPU run"),
        ({"batch": 128, "clip": 1}, "changed recipe (batch, clip)"),
    ],
)
def test_a_label_says_whether_the_recipe_is_whole(changes, label):
    assert read_recipe(NASBENCH201, changes).label("cpu") == label


def test_a_short_run_on_a_gpu_says_so():
    assert read_recipe(NASBENCH201, {"epochs": 1}).label("cuda") == "short GPU run"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "yaml.epochs: 0 is not allowed; it should be greater than or equal to 1"),
        ({"batch": 1}, "yaml.batch: 1 is not allowed; it should be greater than or equal to 2"),
        ({"epochs": 1.5}, "yaml.epochs: 1.5 is not allowed; it should be a whole number"),
        ({"epochs": True}, "yaml.epochs: true is not allowed; it should be a whole number"),
        ({"nesterov": 1}, "yaml.nesterov: 1 is not allowed; it should be true or false"),
        ({"learning_rate": "3e-4"}, "'3e-4' is not allowed; it should be a number"),
        ({"learning_rate": -1}, "learning_rate: -1 is not allowed; it should be greater than 0"),
        ({"learning_rate": float("nan")}, "nan is not allowed; it should be a finite number"),
        ({"clip": -1}, "clip: -1 is not allowed; it should be greater than or equal to 0"),
        ({"clip": float("inf")}, "clip: inf is not allowed; it should be a finite number"),
        ({"momentum": 1}, "momentum: 1 is not allowed; it should be less than 1"),
        ({"momentum": 0}, "nesterov needs a momentum above 0"),
        ({"epochs": 1, "warm_up": 1}, "warm_up must be below the 1 epoch"),
        ({"warm_up": 200}, "nasbench201.yaml: warm_up must be below the 200 epochs"),
        (
            {"train_images": 1},
            "train_images: 1 is not allowed; it should be greater than or equal to 2",
        ),
        ({"drop_path": 0.1}, "auxiliary and drop_path are for networks of the darts space"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(changes, message):
    with pytest.raises(ConfigError, match=r"recipe: .*nasbench201\.yaml") as raised:
        read_recipe(NASBENCH201, changes)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epoch": 3}, "unknown recipe key at .*did you mean 'epochs'"),
        ({"changed": ()}, "unknown recipe key at"),
        ({"space": "dart"}, "did you mean 'darts'"),
        ({"dataset": "imagenet"}, "unknown data set of nasbench201 networks 'imagenet'"),
        ({"precision": "float16"}, "did you mean 'bfloat16'|did you mean 'float32'"),
    ],
)
def test_a_name_that_is_not_known_is_refused(changes, message):
    with pytest.raises(UnknownNameError, match=message):
        read_recipe(NASBENCH201, changes)


def test_a_recipe_that_lacks_a_key_is_refused(tmp_path):
    content = yaml.safe_load(NASBENCH201.read_text())
    del content["momentum"]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=r"mine\.yaml: the key 'momentum' is missing"):
        read_recipe(tmp_path / "mine.yaml")


@pytest.mark.parametrize("content", ["- 1", "a: [", "\x00"])
def test_a_file_that_is_no_recipe_is_refused(tmp_path, content):
    (tmp_path / "mine.yaml").write_text(content)
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        read_recipe(tmp_path / "mine.yaml")
    with pytest.raises(ConfigError, match="No such file"):
        read_recipe(tmp_path / "none.yaml")
