"""Short trainings beside a benchmark, and what JPEGs cost: the choice, the match, the sums."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tgnas.benchmarks.base import write_table
from tgnas.errors import CorruptTableError
from tgnas.evaluation.short_trainings import agreement, common, cost_of_jpegs, spread_over
from tgnas.image_training.copies import match, nearest, read_mosaics, train_on_both
from tgnas.image_training.images import JPEG, OFFICIAL, Images, load_cifar10
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import read_recipe
from tgnas.results import short_trainings
from tgnas.studies import short_trainings as study

RECIPE = Path(__file__).parents[1] / "config" / "recipes" / "nasbench201.yaml"
ARCHITECTURE = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|none~2|"


def test_architectures_stand_in_the_middle_of_equal_shares():
    accuracies = np.random.default_rng(0).permutation(100).astype(float)
    places, quantiles = spread_over(accuracies, 4)
    assert accuracies[places].tolist() == [12, 37, 62, 87]
    assert quantiles.tolist() == [0.125, 0.375, 0.625, 0.875]


def test_agreement_is_that_of_ranks():
    rows = pd.DataFrame({"test_accuracy": [1.0, 2, 4, 3], "tabular_accuracy": [10.0, 20, 30, 40]})
    found = agreement(rows)
    assert found["kendall_tau"] == pytest.approx(4 / 6)  # five pairs of six agree
    assert found["spearman_rho"] == pytest.approx(0.8)
    assert found["p_value"] == pytest.approx(8 / 24)  # 4 of 24 orders agree as well, 4 as ill
    assert found["architectures"] == 4


def test_what_trainings_have_in_common_is_one_value():
    assert common([{"a": 1, "b": 1}, {"a": 1, "b": 2}], ["a"]) == {"a": 1}
    with pytest.raises(ValueError, match="differ in b"):
        common([{"a": 1, "b": 1}, {"a": 1, "b": 2}], ["a", "b"])


def jpeg_rows() -> pd.DataFrame:
    lines = []
    for seed, (clean, jpeg, mixed) in enumerate([(50.0, 48.0, 49.0), (60.0, 60.0, 57.0)]):
        for trained, tested, value in (
            ("lossless", "lossless", clean),
            ("jpeg", "jpeg", jpeg),
            ("jpeg", "lossless", mixed),
        ):
            row = {"architecture": "a", "seed": seed, "trained_on": trained}
            lines.append(row | {"tested_on": tested, "accuracy": value})
    return pd.DataFrame(lines)


def test_what_jpegs_cost_is_counted_pair_by_pair():
    found = cost_of_jpegs(jpeg_rows()).set_index(["trained_on", "tested_on"])
    assert found.loc["jpeg", "jpeg"].lost == 1.0
    assert found.loc["jpeg", "jpeg"].lost_std == pytest.approx(2**0.5)
    assert found.loc["jpeg", "lossless"].lost_max == 3.0
    assert found.loc["lossless", "lossless"].lost == 0.0
    assert (found.pairs == 2).all()


@pytest.fixture(scope="module")
def lossless(resource_file) -> np.ndarray:
    return read_mosaics([resource_file("cifar10/first_0.png")])


@pytest.fixture(scope="module")
def copy(resource_file, tmp_path_factory) -> Images:
    """Return the JPEG copy of the images among which the first 1,000 are."""
    path = tmp_path_factory.mktemp("images") / "first.parquet"
    whole = resource_file("cifar10/cifar10_jpeg_q75.parquet")
    pd.read_parquet(whole, filters=[("index_in_class", "<", 140)]).to_parquet(path)
    return load_cifar10(path)


def test_lossless_images_find_their_known_labels_and_their_jpegs(lossless, copy):
    copies = match(lossless, copy)
    # The first labels of CIFAR-10's first batch, as the mirror's README gives them.
    assert copies.labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert copies.source == JPEG
    error = ((copies.lossless.astype(float) - copies.jpeg) ** 2).mean()
    assert 10 * np.log10(255**2 / error) == pytest.approx(30, abs=0.5)  # PSNR in dB


def test_the_copy_holds_the_images_of_a_class_in_their_order(lossless, copy):
    # 140 of each class stand in a row, so that each class's matches must be its first ones.
    places = nearest(lossless, copy.train)
    for label in range(10):
        own = places[copy.train_labels[places] == label]
        first = np.flatnonzero(copy.train_labels == label)[: len(own)]
        assert own.tolist() == first.tolist()


def test_jpegs_are_made_where_the_copy_is_lossless(lossless):
    labels = np.arange(1000) % 10
    official = Images(lossless[::-1].copy(), labels, lossless[:1], labels[:1], OFFICIAL)
    copies = match(lossless[:20], official)
    assert copies.source == "encoded here, quality 75"
    assert copies.labels.tolist() == labels[::-1][:20].tolist()
    assert 0 < ((copies.lossless.astype(float) - copies.jpeg) ** 2).mean() < 200


def test_an_image_without_a_copy_is_refused(lossless):
    with pytest.raises(CorruptTableError, match="image 500 has no clear copy"):
        nearest(lossless[:501], lossless[:500])
    with pytest.raises(CorruptTableError, match="image 0 has no clear copy"):
        nearest(lossless[:1], np.concatenate([lossless[:2], lossless[:1]]))


def test_a_mosaic_of_another_width_is_refused(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(CorruptTableError, match="8 by"):
        read_mosaics([tmp_path / "a.png"])
    (tmp_path / "a.png").write_bytes(b"no")
    with pytest.raises(CorruptTableError, match=r"a\.png"):
        read_mosaics([tmp_path / "a.png"])


def test_both_copies_are_split_alike(lossless, copy):
    both = match(lossless, copy).split(200, seed=0)
    assert np.array_equal(both["jpeg"].train_labels, both["lossless"].train_labels)
    assert len(both["jpeg"].test) == 200
    assert len(both["jpeg"].train) == 800
    everything = np.concatenate([both["lossless"].train, both["lossless"].test])
    assert len(np.unique(everything.reshape(1000, -1), axis=0)) == 1000


def test_a_cell_is_trained_on_both_copies(lossless, copy, tmp_path):
    change = {"channels": 4, "layers": 1, "epochs": 1, "batch": 64}
    rows = train_on_both(
        ARCHITECTURE,
        match(lossless, copy),
        read_recipe(RECIPE, change),
        test_images=200,
        seed=0,
        folder=tmp_path,
        process=Process(0, 1, torch.device("cpu")),
    )
    pairs = [(row["trained_on"], row["tested_on"]) for row in rows]
    assert pairs == [("lossless", "lossless"), ("jpeg", "jpeg"), ("jpeg", "lossless")]
    assert all(row["train_images"] == 800 and row["test_images"] == 200 for row in rows)
    assert all(0 < row["accuracy"] < 100 for row in rows)


def short_rows() -> pd.DataFrame:
    rows = pd.DataFrame({"quantile": [0.25, 0.75], "test_accuracy": [30.0, 40.0]})
    rows = rows.assign(tabular_accuracy=[88.0, 92.0], tabular_epochs=200, label="short CPU run")
    return rows.assign(epochs=3, train_images=4000, kendall_tau=1.0)


def test_the_figure_says_that_the_trainings_are_short():
    figure = short_trainings.figure(short_rows())
    title = figure.axes[0].get_title()
    assert "short CPU run: 3 epochs of 4,000 images" in title
    assert "2 architectures, Kendall tau 1.00" in title
    assert len(figure.axes[0].lines[0].get_xdata()) == 2
    with io.BytesIO() as stream:
        figure.savefig(stream, format="png")


def test_what_is_trained_is_spread_over_the_accuracies(nasbench201, resource_file, tmp_path):
    change = {"channels": 4, "layers": 1, "epochs": 1, "train_images": 20, "test_images": 10}
    settings = study.Settings(
        architectures=3, split="test", epochs=200, recipe=str(RECIPE), change=change
    )
    table = tmp_path / "nasbench201.arrow"
    write_table(nasbench201.table, table)
    files = {
        "benchmark": table,
        "images": resource_file("cifar10/cifar10_jpeg_q75.parquet"),
        "recipe": RECIPE,
    }
    rows = study.run("all", settings, files, tmp_path / "trainings")
    assert rows["quantile"].tolist() == pytest.approx([1 / 6, 1 / 2, 5 / 6])
    assert (rows.train_images == 20).all() and (rows.test_accuracy >= 0).all()
    accuracies = nasbench201.accuracy(dataset="cifar10", split="test", epochs=200)
    known = dict(zip(nasbench201.strings, accuracies, strict=True))
    shares = [(accuracies < known[text]).mean() for text in rows.architecture]
    assert shares == pytest.approx([1 / 6, 1 / 2, 5 / 6], abs=0.01)
