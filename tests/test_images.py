"""Image data sets: all ways to read them, balanced subsets, and augmentation."""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from tgnas.errors import ConfigError, CorruptTableError, UnknownNameError, UnreadableFileError
from tgnas.image_training.images import (
    JPEG,
    OFFICIAL,
    PADDING,
    Images,
    augment,
    balanced_indices,
    channel_statistics,
    load_cifar10,
    load_images,
    normalise,
)

ROOT = Path(__file__).parents[1]


class Attack:
    """What a malicious pickle is made of: asks the reader to call a function."""

    def __reduce__(self):
        return (print, ("this must never be printed",))


@pytest.fixture(scope="module")
def parquet(resource_file) -> Path:
    return resource_file("cifar10/cifar10_jpeg_q75.parquet")


@pytest.fixture(scope="module")
def real(parquet) -> Images:
    return load_cifar10(parquet)


@pytest.fixture(scope="module")
def few(real) -> Images:
    return real.subset(100, 20, np.random.default_rng(0))


def write_archive(path: Path, batches: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in batches.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def official_batches(images: Images) -> dict[str, bytes]:
    """Pickle images as the official batches are: protocol 2, rows of 3072 bytes."""

    def batch(pixels: np.ndarray, labels: np.ndarray) -> bytes:
        fields = {b"batch_label": b"one of 5", b"data": pixels.reshape(-1, 3072)}
        return pickle.dumps(fields | {b"labels": labels.tolist()}, protocol=2)

    parts = np.array_split(np.arange(len(images.train)), 5)
    batches = {
        f"data_batch_{number}": batch(images.train[part], images.train_labels[part])
        for number, part in enumerate(parts, start=1)
    }
    batches["test_batch"] = batch(images.test, images.test_labels)
    return batches | {"batches.meta": b"never read", "readme.html": b"nor this"}


def test_the_jpeg_copy_has_every_image_and_says_that_it_is_lossy(real):
    assert (real.train.shape, real.test.shape) == ((50000, 3, 32, 32), (10000, 3, 32, 32))
    assert np.bincount(real.train_labels).tolist() == [5000] * 10
    assert np.bincount(real.test_labels).tolist() == [1000] * 10
    assert real.source == JPEG


def test_the_channel_means_are_those_known_of_the_training_images(real):
    means, _ = channel_statistics(real.train)
    assert [round(value, 4) for value in means.tolist()] == [0.4913, 0.4821, 0.4465]


def test_the_official_archive_is_read_back_as_written(few, tmp_path):
    read = load_cifar10(write_archive(tmp_path / "cifar.tar.gz", official_batches(few)))
    assert np.array_equal(read.train, few.train)
    assert np.array_equal(read.test, few.test)
    assert np.array_equal(read.train_labels, few.train_labels)
    assert np.array_equal(read.test_labels, few.test_labels)
    assert read.source == OFFICIAL


def test_a_batch_as_python_2_wrote_it_is_read(few, tmp_path):
    # Python 2's str is the opcode SHORT_BINSTRING or BINSTRING; Python 3 only reads those.
    def string(text: bytes) -> bytes:
        return b"T" + len(text).to_bytes(4, "little") + text

    pixels = few.test[:2].tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + string(b"b") + b"tR"
        b"(K\x01(K\x02M\x00\x0ctcnumpy\ndtype\n(" + string(b"u1") + b"K\x00K\x01tR"
        b"(K\x03" + string(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"I00\n" + string(pixels) + b"tb"
    )
    batch = b"\x80\x02}(" + string(b"data") + array + string(b"labels") + b"](K\x03K\x07eu."
    batches = dict.fromkeys([f"data_batch_{n}" for n in range(1, 6)] + ["test_batch"], batch)
    read = load_cifar10(write_archive(tmp_path / "cifar.tar.gz", batches))
    assert np.array_equal(read.test, few.test[:2])
    assert read.train_labels.tolist() == [3, 7] * 5


def test_a_pickle_that_asks_for_code_is_refused_and_not_run(few, tmp_path, capsys):
    batches = official_batches(few) | {"data_batch_3": pickle.dumps({b"data": Attack()})}
    with pytest.raises(CorruptTableError, match=r"asks for builtins.print, which is refused"):
        load_cifar10(write_archive(tmp_path / "cifar.tar.gz", batches))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.99])
def test_a_truncated_archive_is_told_in_one_line(few, tmp_path, kept):
    path = write_archive(tmp_path / "cifar.tar.gz", official_batches(few))
    path.write_bytes(path.read_bytes()[: 10 + int(kept * path.stat().st_size)])
    with pytest.raises(CorruptTableError, match=r"cifar\.tar\.gz") as raised:
        load_cifar10(path)
    assert "\n" not in str(raised.value)


def test_an_archive_that_lacks_a_batch_is_refused(few, tmp_path):
    batches = official_batches(few)
    del batches["data_batch_4"]
    with pytest.raises(CorruptTableError, match="data_batch_4"):
        load_cifar10(write_archive(tmp_path / "cifar.tar.gz", batches))


def test_labels_that_are_no_class_are_refused(few, tmp_path):
    wrong = Images(few.train, few.train_labels + 1, few.test, few.test_labels, OFFICIAL)
    with pytest.raises(CorruptTableError, match=r"labels 0\.\.9 expected"):
        load_cifar10(write_archive(tmp_path / "cifar.tar.gz", official_batches(wrong)))


def test_a_damaged_jpeg_is_refused(parquet, tmp_path):
    rows = pd.read_parquet(parquet, filters=[("index_in_class", "<", 1)])
    rows.loc[3, "jpeg"] = b"not a jpeg"
    rows.to_parquet(tmp_path / "images.parquet")
    with pytest.raises(CorruptTableError, match=r"images\.parquet: UnidentifiedImageError"):
        load_cifar10(tmp_path / "images.parquet")


def test_a_truncated_parquet_file_is_refused(parquet, tmp_path):
    (tmp_path / "images.parquet").write_bytes(parquet.read_bytes()[:100_000])
    with pytest.raises(CorruptTableError, match=r"images\.parquet: Arrow"):
        load_cifar10(tmp_path / "images.parquet")


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "images.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(CorruptTableError, match="neither a gzipped archive nor a parquet file"):
        load_cifar10(tmp_path / "images.zip")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UnreadableFileError, match="cannot be read: No such file"):
        load_cifar10(tmp_path / "images.parquet")


def pickled(pixels: np.ndarray, labels: str, values: list[int], protocol: int = 2) -> bytes:
    fields = {"data": pixels.reshape(len(pixels), -1), labels: values}
    return pickle.dumps(fields, protocol=protocol)


@pytest.mark.parametrize("unpacked", [False, True])
def test_cifar100_is_read_from_its_archive_and_from_its_folder(few, tmp_path, unpacked):
    labels = list(range(100))
    batches = {
        "train": pickled(few.train, "fine_labels", labels),
        "test": pickled(few.test, "fine_labels", labels[:20]),
        "meta": b"never read",
    }
    path = tmp_path / "cifar100"
    if unpacked:
        (path / "cifar-100-python").mkdir(parents=True)
        for name, data in batches.items():
            (path / "cifar-100-python" / name).write_bytes(data)
    else:
        write_archive(path, batches)
    read = load_images("cifar100", path)
    assert np.array_equal(read.train, few.train)
    assert np.array_equal(read.test, few.test)
    assert read.train_labels.tolist() == labels


def test_imagenet16_keeps_its_first_120_classes(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 3, 16, 16), dtype=np.uint8)
    batch = pickled(pixels, "labels", [1, 120, 121, 1000])  # classes count from 1 there
    for name in [*(f"train_data_batch_{number}" for number in range(1, 11)), "val_data"]:
        (tmp_path / name).write_bytes(batch)
    read = load_images("ImageNet16-120", tmp_path)
    assert read.train.shape == (20, 3, 16, 16)
    assert np.array_equal(read.test, pixels[:2])
    assert read.test_labels.tolist() == [0, 119]


def test_a_folder_without_the_files_of_a_data_set_is_refused(tmp_path):
    with pytest.raises(CorruptTableError, match=f"{tmp_path}: KeyError: 'train'"):
        load_images("cifar100", tmp_path)
    with pytest.raises(UnreadableFileError, match="nowhere: cannot be read: No such file"):
        load_images("cifar100", tmp_path / "nowhere")
    with pytest.raises(UnknownNameError, match="unknown data set 'cifar1'"):
        load_images("cifar1", tmp_path)


@given(size=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_a_subset_is_balanced_and_distinct(size, seed):
    labels = np.repeat(np.arange(10), 6)
    chosen = balanced_indices(labels, size, np.random.default_rng(seed))
    counts = np.bincount(labels[chosen], minlength=10)
    assert len(set(chosen.tolist())) == size
    assert counts.max() - counts.min() <= 1


def test_the_same_seed_draws_the_same_subset(real):
    first, second, other = (
        balanced_indices(real.train_labels, 100, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_drawing_at_once_is_drawing_from_all(parquet, few):
    drawn = load_cifar10(parquet, (100, 20))
    assert np.array_equal(drawn.train, few.train)
    assert np.array_equal(drawn.train_labels, few.train_labels)
    assert np.array_equal(drawn.test, few.test)


def test_a_subset_larger_than_the_set_is_refused(few):
    with pytest.raises(ConfigError, match="101 images asked for; the set has 100"):
        few.subset(101, 20, np.random.default_rng(0))


def test_statistics_are_those_of_numpy(few):
    means, deviations = channel_statistics(few.train)
    scaled = few.train / 255
    np.testing.assert_allclose(means, scaled.mean(axis=(0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(deviations, scaled.std(axis=(0, 2, 3)), rtol=1e-5)


def test_normalised_images_have_mean_0_and_deviation_1(few):
    pixels = normalise(torch.from_numpy(few.train), *channel_statistics(few.train))
    assert pixels.mean(dim=(0, 2, 3)).abs().max() < 1e-5
    assert (pixels.std(dim=(0, 2, 3)) - 1).abs().max() < 1e-4


@settings(max_examples=25)
@given(seed=st.integers(0, 2**63 - 1), batch=st.integers(1, 4), side=st.integers(1, 12))
def test_an_augmented_image_is_a_window_of_the_padded_image_or_its_mirror(seed, batch, side):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(256, (batch, 3, side, side), generator=generator, dtype=torch.uint8)
    augmented = augment(images, generator)
    assert augmented.shape == images.shape
    assert augmented.dtype == torch.uint8
    for image, result in zip(images, augmented, strict=True):
        windows = functional.pad(image, (PADDING,) * 4).unfold(1, side, 1).unfold(2, side, 1)
        choices = windows.permute(1, 2, 0, 3, 4).reshape(-1, 3, side, side)
        same = [
            (choices == shown).flatten(1).all(dim=1).any() for shown in (result, result.flip(2))
        ]
        assert any(same)


def test_augmentation_reaches_every_crop_and_both_directions():
    columns = torch.arange(1, 33, dtype=torch.uint8).expand(4000, 3, 32, 32)
    shown = augment(columns, torch.Generator().manual_seed(0))[:, 0, 16, 15:17].int()
    forwards = shown[:, 1] > shown[:, 0]
    assert 0.45 < forwards.float().mean() < 0.55
    assert sorted(set(shown[forwards, 0].tolist())) == list(range(12, 21))


def test_augmentation_is_a_function_of_the_generator(few):
    images = torch.from_numpy(few.train)
    first, second, other = (augment(images, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
