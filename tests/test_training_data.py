"""What the training loop is fed: CIFAR-10 on a device, and image folders that the tests write."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from strategies import GENOTYPE

from tgnas.errors import ConfigError, CorruptTableError, ResourceError, UnreadableFileError
from tgnas.image_training.data import DeviceImages, cut_out, on_device
from tgnas.image_training.final import build, train_network
from tgnas.image_training.image_folder import (
    RESIZED,
    SIDE,
    augmented,
    crop_box,
    list_folder,
    middle,
    open_folder,
)
from tgnas.image_training.images import Images
from tgnas.image_training.loop import train
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import read_recipe
from tgnas.networks.darts import build_evaluation_network
from tgnas.spaces.darts import SPACE

RECIPES = Path(__file__).parents[1] / "config" / "recipes"
CPU = torch.device("cpu")
ALONE, PAIR = Process(0, 1, CPU), (Process(0, 2, CPU), Process(1, 2, CPU))


def noise(count: int, seed: int = 0) -> Images:
    generator = np.random.default_rng(seed)
    pixels = generator.integers(256, size=(2, count, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(count) % 10
    return Images(pixels[0], labels, pixels[1], labels, "noise")


def device_images(process: Process = ALONE, cutout: int = 16, count: int = 21) -> DeviceImages:
    return on_device(noise(count), process, cutout)


def epoch(data, seed: int = 1, number: int = 0, batch: int = 8):
    return list(data.train_batches(seed, number, batch))


def test_an_epoch_is_a_function_of_the_seed_and_of_its_number():
    data = device_images()
    first, again, later, other = epoch(data), epoch(data), epoch(data, number=1), epoch(data, 2)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0][0], later[0][0])
    assert not torch.equal(first[0][0], other[0][0])


def test_an_epoch_holds_every_image_once():
    batches = epoch(device_images())
    assert [len(labels) for _, labels in batches] == [8, 8, 5]
    labels = torch.cat([labels for _, labels in batches])
    assert sorted(labels.tolist()) == sorted((np.arange(21) % 10).tolist())


def test_two_processes_see_together_what_one_sees_alone():
    whole = epoch(device_images())
    parts = [epoch(device_images(process)) for process in PAIR]
    for (images, labels), *halves in zip(whole, *parts, strict=True):
        even = len(labels) // 2 * 2
        for rank, (part, classes) in enumerate(halves):
            assert torch.equal(part, images[:even][rank::2])
            assert torch.equal(classes, labels[:even][rank::2])


def test_two_processes_test_every_image_once():
    parts = [list(device_images(process).test_batches()) for process in PAIR]
    labels = torch.cat([labels for batches in parts for _, labels in batches])
    assert len(labels) == 21


def test_a_batch_smaller_than_the_processes_is_left_out_for_all():
    assert [len(device_images(process).own(torch.arange(1))) for process in PAIR] == [0, 0]
    parts = [epoch(device_images(process, count=17)) for process in PAIR]
    assert [len(part) for part in parts] == [2, 2]


def test_test_images_are_not_augmented():
    data = device_images()
    images, _ = next(iter(data.test_batches()))
    shown = images * data.deviations[:, None, None] + data.means[:, None, None]
    assert torch.allclose(shown * 255, data.pixels[1].float(), atol=1e-2)


def test_cutout_sets_a_square_to_0_and_cuts_it_at_the_border():
    images = torch.ones(3, 3, 32, 32)
    cut = cut_out(images, torch.tensor([[16, 16], [0, 0], [31, 16]]), 16)
    assert ((cut == 0).sum(dim=(1, 2, 3)) // 3).tolist() == [256, 64, 9 * 16]
    assert (cut[0, :, 8:24, 8:24] == 0).all()
    assert (cut[1, :, :8, :8] == 0).all()
    assert (cut[2, :, 23:, 8:24] == 0).all()


def test_cutout_takes_part_of_every_training_image():
    with_it, without = (torch.cat([b[0] for b in epoch(device_images(cutout=c))]) for c in (16, 0))
    assert ((with_it == 0).sum(dim=(1, 2, 3)) >= 64 * 3).all()
    assert ((without == 0).sum(dim=(1, 2, 3)) < 64).all()


def test_pixels_labels_and_cutout_make_the_digest():
    assert device_images().digest() == device_images().digest()
    others = (device_images(cutout=0), on_device(noise(21, seed=1), ALONE, 16))
    assert all(other.digest() != device_images().digest() for other in others)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Write ImageNet in small: three classes of five training and two test images."""
    root = tmp_path_factory.mktemp("imagenet")
    generator = np.random.default_rng(0)
    for split, count in (("train", 5), ("val", 2)):
        for label, name in enumerate(("n01", "n02", "n03")):
            (root / split / name).mkdir(parents=True)
            for number in range(count):
                size = generator.integers(230, 300, 2)
                pixels = generator.integers(256, size=(*size, 3)).astype(np.uint8) // 2
                pixels[:, :, label] += 120
                suffix = "JPEG" if number else "png"
                Image.fromarray(pixels).save(root / split / name / f"{number}.{suffix}")
    return root


def test_a_folder_is_listed_in_order_with_its_classes(folder):
    train, test, classes = list_folder(folder)
    assert classes == ["n01", "n02", "n03"]
    assert train.labels.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert test.labels.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ((), "cannot be read: No such file or directory"),
        (("train/a",), "has no folder 'val'"),
        (("val/a",), "has no folder 'train'"),
        (("train", "val"), "train has no folder of a class"),
        (("train/a", "train/b", "val/a"), "class 'b' is in one of train and val only"),
        (("train/a", "val/a"), "a has no image; known kinds are .bmp"),
    ],
)
def test_a_folder_of_another_form_is_refused(tmp_path, made, message):
    root = tmp_path / "images"
    for part in made:
        (root / part).mkdir(parents=True)
    with pytest.raises((ResourceError, UnreadableFileError), match=message) as raised:
        list_folder(root)
    assert "\n" not in str(raised.value)


def test_one_class_teaches_nothing(tmp_path):
    for split in ("train", "val"):
        (tmp_path / split / "a").mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(tmp_path / split / "a" / "0.png")
    with pytest.raises(ConfigError, match="has one class"):
        open_folder(tmp_path, (None, None), ALONE, 0, 0)


def test_a_draw_of_a_folder_is_balanced(folder):
    data = open_folder(folder, (6, 3), ALONE, 0, 0)
    assert data.train.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert data.test.labels.tolist() == [0, 1, 2]
    with pytest.raises(ConfigError, match="16 images asked for; the set has 15"):
        open_folder(folder, (16, 3), ALONE, 0, 0)


def test_workers_change_no_image(folder):
    alone = open_folder(folder, (6, 3), ALONE, 0, 0)
    helped = open_folder(folder, (6, 3), ALONE, 1, 0)
    for number in (0, 1):
        pairs = zip(epoch(alone, number=number), epoch(helped, number=number), strict=True)
        assert all(torch.equal(a[0], b[0]) and torch.equal(a[1], b[1]) for a, b in pairs)
    first, later = (epoch(alone, number=number)[0][0] for number in (0, 1))
    assert not torch.equal(first, later)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_image_is_named(folder, tmp_path, workers):
    data = open_folder(folder, (None, None), ALONE, workers, 0)
    broken = tmp_path / "broken.jpeg"
    broken.write_bytes(data.train.paths[0].read_bytes()[:100])
    data.train.paths[3] = broken
    with pytest.raises(CorruptTableError, match=r"broken\.jpeg is not an image") as raised:
        epoch(data)
    assert "\n" not in str(raised.value)


def test_the_middle_of_an_image_keeps_its_form():
    image = Image.new("RGB", (2 * RESIZED, RESIZED))
    image.paste((255, 255, 255), (RESIZED - SIDE // 2, 16, RESIZED + SIDE // 2, 16 + SIDE))
    assert np.asarray(middle(image)).min() == 255
    assert middle(Image.new("RGB", (10, 30))).size == (SIDE, SIDE)


def test_crops_lie_within_the_image_and_have_the_sizes_of_inception():
    generator, shares = np.random.default_rng(0), []
    for _ in range(500):
        left, top, right, bottom = crop_box((300, 200), generator)
        assert 0 <= left < right <= 300
        assert 0 <= top < bottom <= 200
        shares.append((right - left) * (bottom - top) / 60_000)
        assert 0.73 < (right - left) / (bottom - top) < 1.37
    assert min(shares) == pytest.approx(0.08, abs=0.01)
    assert max(shares) > 0.8


def test_an_image_that_no_crop_fits_gives_its_middle():
    assert crop_box((1000, 2), np.random.default_rng(0)) == (499, 0, 501, 2)


def test_colours_are_changed_and_a_function_of_the_generator():
    image = Image.new("RGB", (300, 300), (200, 100, 50))
    shown = [np.asarray(augmented(image, np.random.default_rng(seed))) for seed in (0, 0, 1)]
    assert shown[0].shape == (SIDE, SIDE, 3)
    assert np.array_equal(shown[0], shown[1])
    assert not np.array_equal(shown[0], shown[2])


def test_the_paper_network_for_imagenet_is_a_mobile_one():
    # DARTS' own find, whose 14 cells of 48 channels have 4.7 million parameters (Liu et al.,
    # Table 3).
    normal = "sep_conv_3x3"
    darts_v2 = (
        f"Genotype(normal=[('{normal}', 0), ('{normal}', 1), ('{normal}', 0), ('{normal}', 1), "
        f"('{normal}', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], "
        "normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), "
        "('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), "
        "('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"
    )
    network = build_evaluation_network(SPACE.parse(darts_v2).member(0), 1000, imagenet=True)
    network.auxiliary = None
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(4.7, abs=0.05)
    with pytest.raises(ValueError, match="no auxiliary head"):
        network.forward_both(torch.zeros(1, 3, SIDE, SIDE))


def small_imagenet(**changes):
    small = {"channels": 4, "layers": 3, "epochs": 2, "batch": 6, "warm_up": 1}
    return read_recipe(RECIPES / "imagenet.yaml", small | changes)


def test_an_image_folder_is_trained_end_to_end_and_resumed(folder, tmp_path):
    whole, facts = train_network(
        GENOTYPE, small_imagenet(), folder, tmp_path / "whole", seed=0, process=ALONE
    )
    assert facts["image_source"] == "image folder of 3 classes"
    assert facts["test_top5"] == 100.0  # of three classes
    parts = [
        train_network(
            GENOTYPE,
            small_imagenet(),
            folder,
            tmp_path / "parts",
            seed=0,
            process=ALONE,
            seconds=0.0,
        )[0]
        for _ in range(2)
    ]
    assert [len(part) for part in parts] == [1, 2]
    untimed = {"seconds": 0.0, "images_per_second": 0.0}
    assert [replace(e, **untimed) for e in parts[1]] == [replace(e, **untimed) for e in whole]


@pytest.mark.slow
def test_the_whole_imagenet_network_takes_a_step(folder, tmp_path):
    changes = {"epochs": 1, "warm_up": 0, "batch": 4, "train_images": 4, "test_images": 3}
    recipe = read_recipe(RECIPES / "imagenet.yaml", changes)
    history, facts = train_network(GENOTYPE, recipe, folder, tmp_path, seed=0, process=ALONE)
    assert np.isfinite(history[0].train_loss)
    assert facts["label"] == "short CPU run"


@pytest.mark.slow
def test_the_whole_darts_network_takes_a_step(tmp_path):
    recipe = read_recipe(RECIPES / "darts.yaml", {"epochs": 1, "batch": 4})
    few = noise(10).subset(4, 4, np.random.default_rng(0))
    network = build(GENOTYPE, recipe, 10, seed=0)
    data = on_device(few, ALONE, recipe.cutout)
    checkpoint = tmp_path / "checkpoint.pt"
    history = train(network, data, recipe, checkpoint=checkpoint, seed=0, process=ALONE)
    assert np.isfinite(history[0].train_loss)
