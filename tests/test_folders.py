"""Folders of images as people have them; folders of trainings; space files with slips."""

import json
import logging

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from test_cli import tgnas

from tgnas.errors import ConfigError, CorruptTableError, ResourceError, TgnasError
from tgnas.image_training.image_folder import _Decoded, in_colour, list_folder, open_folder
from tgnas.image_training.processes import Process
from tgnas.spaces.space import read_space
from tgnas.validation import read_yaml

CELL = "|skip_connect~0|+|none~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|skip_connect~2|"
RAMP = np.arange(64 * 64).reshape(64, 64)


def process() -> Process:
    return Process(0, 1, torch.device("cpu"))


def folder(path, extra=()):
    for split in ("train", "val"):
        for kind in ("cat", "dog"):
            (path / split / kind).mkdir(parents=True)
            Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path / split / kind / "a.png")
    for name in extra:
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"no image")
    return path


@pytest.mark.parametrize(
    ("pixels", "top"),
    [
        ((RAMP * 15 + 300).astype(np.uint16), 65_535),
        ((RAMP * 16).astype(np.int32), 65_535),
        ((RAMP / RAMP.max()).astype(np.float32), 1),
        ((RAMP / 17).astype(np.float32), 255),
        ((RAMP // 16).astype(np.uint8), 255),
    ],
)
def test_an_image_of_many_bits_is_scaled_to_eight(tmp_path, pixels, top):
    Image.fromarray(pixels).save(tmp_path / "a.tiff")
    with Image.open(tmp_path / "a.tiff") as opened:
        image = np.array(in_colour(opened))
    expected = np.rint(pixels.astype(np.float64) * 255 / top)
    assert image.shape == (64, 64, 3)
    assert np.abs(image[..., 0] - expected).max() <= 1
    assert len(np.unique(image)) > 10


def test_a_16_bit_png_is_a_ramp_and_not_white(tmp_path):
    Image.fromarray((RAMP * 15 + 300).astype(np.uint16)).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as opened:
        image = np.array(in_colour(opened))
    assert (image.min(), image.max()) == (1, 240)


def test_a_palette_image_has_its_colours(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(colours).quantize(64).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as opened:
        assert opened.mode == "P"
        assert np.abs(np.array(in_colour(opened)).astype(int) - colours).max() < 64


@pytest.mark.parametrize("value", [np.nan, -1.0, 300.0])
def test_an_image_of_no_known_scale_is_named(tmp_path, value):
    pixels = np.full((8, 8), value, dtype=np.float32)
    path = folder(tmp_path / "images")
    Image.fromarray(pixels).save(path / "train" / "cat" / "b.tiff")
    train, _, _ = list_folder(path)
    with pytest.raises(CorruptTableError, match=r"cat/b\.tiff is not an image: its pixels go from"):
        _Decoded(train)[1]


def test_hidden_and_other_files_are_left_out_counted_and_said(tmp_path, caplog):
    extra = ("train/.git/x", "train/cat/._a.png", "train/dog/notes.txt", "train/readme", "val/.x/y")
    path = folder(tmp_path / "images", extra)
    with caplog.at_level(logging.WARNING):
        task = open_folder(path, (None, None), process(), 0, 0)
    assert (task.train_size, task.test_size, task.classes) == (2, 2, 2)
    said = [record.getMessage() for record in caplog.records]
    assert f"{path / 'train'}: left out: 1 file .txt, 1 file beside the classes" in said[0]
    assert "1 hidden file, 1 hidden folder" in said[0]
    assert said[1].endswith("val: left out: 1 hidden folder")


def test_a_hidden_folder_is_no_class(tmp_path):
    path = folder(tmp_path / "images", ["train/.ipynb_checkpoints/a.png"])
    assert list_folder(path)[2] == ["cat", "dog"]
    with pytest.raises(ResourceError, match=r"class 'bird' is in one of"):
        list_folder(folder(tmp_path / "others", ["train/bird/a.png"]))


# Folders of trainings


def trained(to, *more, recipe="digits", **change):
    small = {"epochs": 2, "train_images": 60, "test_images": 50, "channels": 4, "batch": 30}
    sets = [f"--set={key}={value}" for key, value in (small | change).items()]
    file = f"config/recipes/{recipe}.yaml"
    common = ["train-network", "--recipe", file, "--images", "x", "--output", to, *sets]
    return tgnas(*common, "--architecture", CELL, *more)


@pytest.fixture
def run(tmp_path, monkeypatch, request):
    monkeypatch.chdir(request.config.rootpath)
    assert trained(tmp_path / "run").exit_code == 0
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("seed", "change", "said"),
    [
        (1, {}, "seed is 0, here 1"),
        (0, {"learning_rate": 0.5}, "learning_rate is 0.1, here 0.5"),
        (0, {"train_images": 61}, "the images are others"),
        (0, {"epochs": 3}, "epochs is 2, here 3"),
    ],
)
def test_the_folder_of_another_training_is_left_alone(run, seed, change, said):
    before = {path: path.read_bytes() for path in run.iterdir()}
    done = trained(run, "--seed", str(seed), **change)
    assert done.exit_code == 1
    assert said in done.stderr
    assert "--force" in done.stderr
    assert {path: path.read_bytes() for path in run.iterdir()} == before


def test_the_same_training_goes_on_and_force_starts_anew(run):
    log = (run / "log.jsonl").read_text()
    assert trained(run).exit_code == 0
    assert (run / "log.jsonl").read_text() == log
    assert trained(run, "--force", "--seed", "1").exit_code == 0
    assert json.loads((run / "training.json").read_text())["seed"] == 1
    assert (run / "log.jsonl").read_text() != log


def test_a_folder_that_does_not_say_of_what_training_it_is_is_left_alone(run):
    (run / "training.json").unlink()
    assert "it does not say of which" in trained(run).stderr


# Space files


SPACE = {
    "name": "mine",
    "operators": {"conv": "conv_3x3", "skip": {"kind": "identity"}},
    "cells": {"form": "blocks", "length": 4, "stages": [1, 3]},
}


def refusal(tmp_path, **change) -> str:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump({**SPACE, **change}))
    with pytest.raises(TgnasError) as caught:
        read_space(tmp_path / "a.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("text", ["a: 1\na: 2", "a: {b: 1, c: 2, b: 3}", "- {x: 1, 'x': 2}"])
def test_a_key_that_stands_twice_is_an_error(text):
    with pytest.raises(ValueError, match="stands there twice"):
        read_yaml(text)
    assert read_yaml("x: &x {a: 1}\ny: {<<: *x, a: 2}") == {"x": {"a": 1}, "y": {"a": 2}}


def test_a_space_file_with_a_key_twice_is_refused(tmp_path):
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(SPACE) + "name: yours\n")
    with pytest.raises(ConfigError, match="'name' stands there twice"):
        read_space(tmp_path / "a.yaml")


@pytest.mark.parametrize("stages", [[3, 1], [1, 1]])
def test_stages_must_rise(tmp_path, stages):
    change = refusal(tmp_path, cells={"form": "blocks", "length": 4, "stages": stages})
    assert f"stages {stages} must rise" in change


@pytest.mark.parametrize(
    "change",
    [
        {"cells": {"form": "operators_on_edges", "nodes": 4, "edges": [[0, 1], [2, 3]]}},
        {"operators": {"a": {"kind": "zero"}, "b": {"kind": "zero"}}},
    ],
)
def test_a_space_in_which_nothing_can_connect_is_refused(tmp_path, change):
    assert "nothing connects" in refusal(tmp_path, **change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cells": {"form": "blocks", "lenght": 4}}, "'lenght' (did you mean 'length'?)"),
        ({"cells": {"form": "block", "length": 4}}, "'block' (did you mean 'blocks'?)"),
        ({"descripton": "x"}, "'descripton' (did you mean 'description'?)"),
        ({"operators": ["conv"]}, "it should be keys with values"),
        ({"name": None}, "it should be a text"),
        ({"cells": {"form": "blocks"}}, "the key 'length' is missing"),
    ],
)
def test_a_slip_in_a_space_file_is_told_in_a_users_words(tmp_path, change, said):
    message = refusal(tmp_path, **change)
    assert said in message
    assert "NoneType" not in message
    assert "valid dictionary" not in message


def test_an_empty_space_file_is_told(tmp_path):
    (tmp_path / "a.yaml").write_text("")
    with pytest.raises(ConfigError, match="keys with values are expected, and there are none"):
        read_space(tmp_path / "a.yaml")


def test_a_key_given_twice_is_told_with_its_line_and_no_word_of_the_parser(tmp_path):
    (tmp_path / "a.yaml").write_text("name: a\nname: b\n")
    with pytest.raises(ConfigError, match=r"the key 'name' stands there twice in line 2, column 1"):
        read_space(tmp_path / "a.yaml")


@pytest.mark.parametrize("words", ["A skip connection", "no operation", "Nothing at all"])
def test_an_operator_that_sounds_like_a_skip_is_asked_about(tmp_path, words):
    message = refusal(tmp_path, operators={"conv": "conv_3x3", "odd": words})
    assert "say kind: identity, kind: zero or" in message
    content = {**SPACE, "operators": {"odd": {"description": words, "kind": "compute"}}}
    (tmp_path / "b.yaml").write_text(yaml.safe_dump(content))
    assert read_space(tmp_path / "b.yaml").name == "mine"
