"""Training a real, very small network on a few hundred real images."""

import json
import logging
import pickle
import runpy
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from tgnas.errors import ConfigError
from tgnas.fetch import mirror_folders, read_resources
from tgnas.networks.nasbench201 import build_seeded_network
from tgnas.spaces.nasbench201 import SPACE
from tgnas.training import image_classifier
from tgnas.training.checkpoint import previous
from tgnas.training.image_classifier import (
    TrainingSettings,
    find_device,
    summarise,
    train,
)
from tgnas.training.images import Images, load_cifar10

ROOT = Path(__file__).parents[1]
NAME = "cifar10/cifar10_jpeg_q75.parquet"
ARCHITECTURE = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
)
SHORT = TrainingSettings(epochs=3, batch=32, train_images=200, test_images=100)
CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def small_parquet(tmp_path_factory) -> Path:
    row = read_resources(ROOT / "config" / "resources.tsv")[NAME]
    places = [ROOT / "resources" / NAME, *(m / row.mirror_path for m in mirror_folders([]))]
    found = [place for place in places if place.is_file()]
    if not found:
        pytest.skip(f"{NAME} is neither in resources/ nor in a mirror")
    path = tmp_path_factory.mktemp("images") / "small.parquet"
    pd.read_parquet(found[0], filters=[("index_in_class", "<", 80)]).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def images(small_parquet) -> Images:
    return load_cifar10(small_parquet)


def network() -> torch.nn.Module:
    return build_seeded_network(SPACE.parse(ARCHITECTURE), 10, seed=0, channels=4, repeats=1)


def run(images: Images, checkpoint: Path, settings: TrainingSettings = SHORT):
    """Train anew; return the network and the history without its seconds."""
    trained = network()
    history = train(trained, images, settings, checkpoint=checkpoint, seed=1, device=CPU)
    return trained, [replace(epoch, seconds=0.0) for epoch in history]


def run_and_kill(images: Images, checkpoint: Path, epochs: int) -> None:
    """Train as if the process died after that many epochs."""
    with pytest.MonkeyPatch.context() as patch:
        finished = []

        def log_then_die(epoch, *_):
            finished.append(epoch)
            if len(finished) == epochs:
                raise KeyboardInterrupt

        patch.setattr(image_classifier, "_log_epoch", log_then_die)
        with pytest.raises(KeyboardInterrupt):
            run(images, checkpoint)


def assert_equal_to_the_bit(first: torch.nn.Module, second: torch.nn.Module) -> None:
    ours, theirs = first.state_dict(), second.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture(scope="module")
def uninterrupted(images, tmp_path_factory):
    return run(images, tmp_path_factory.mktemp("whole") / "checkpoint.pt")


def test_a_real_network_learns_real_images(images, tmp_path):
    recipe = TrainingSettings(epochs=5, batch=32, train_images=800, test_images=800)
    _, history = run(images, tmp_path / "checkpoint.pt", recipe)
    assert history[-1].train_loss < history[0].train_loss
    assert history[-1].test_accuracy > 16  # chance is 10; 5 standard deviations reach 15.3


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_killed_and_resumed_run_equals_an_uninterrupted_one(
    images, tmp_path, uninterrupted, epochs
):
    run_and_kill(images, tmp_path / "checkpoint.pt", epochs)
    resumed, history = run(images, tmp_path / "checkpoint.pt")
    assert history == uninterrupted[1]
    assert_equal_to_the_bit(resumed, uninterrupted[0])


def test_a_resumed_run_trains_only_what_is_left(images, tmp_path, caplog):
    run_and_kill(images, tmp_path / "checkpoint.pt", 2)
    with caplog.at_level(logging.INFO, logger="tgnas"):
        run(images, tmp_path / "checkpoint.pt")
    assert "resumed_after_epoch=2" in caplog.text
    assert caplog.text.count("epoch=3/3") == 1
    assert "epoch=2/3" not in caplog.text


def test_a_finished_run_is_not_trained_again(images, tmp_path, caplog, uninterrupted):
    run(images, tmp_path / "checkpoint.pt")
    with caplog.at_level(logging.INFO, logger="tgnas"):
        trained, history = run(images, tmp_path / "checkpoint.pt")
    assert "images_per_second" not in caplog.text
    assert history == uninterrupted[1]
    assert_equal_to_the_bit(trained, uninterrupted[0])


@pytest.mark.parametrize("damage", ["truncated", "one bit", "empty", "code"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    images, tmp_path, caplog, uninterrupted, damage
):
    checkpoint = tmp_path / "checkpoint.pt"
    run_and_kill(images, checkpoint, 2)
    data = bytearray(checkpoint.read_bytes())
    data[len(data) // 2] ^= 1
    code = pickle.dumps({"digest": print})
    damaged = {"truncated": data[: len(data) // 2], "one bit": data, "empty": b"", "code": code}
    checkpoint.write_bytes(damaged[damage])
    resumed, history = run(images, checkpoint)
    assert f"checkpoint {checkpoint} is damaged and is passed over" in caplog.text
    assert history == uninterrupted[1]
    assert_equal_to_the_bit(resumed, uninterrupted[0])


def test_a_checkpoint_that_asks_for_code_is_refused(images, tmp_path, caplog, uninterrupted):
    class Attack:
        def __reduce__(self):
            return ((tmp_path / "attacked").touch, ())

    torch.save({"digest": Attack()}, tmp_path / "checkpoint.pt")
    _, history = run(images, tmp_path / "checkpoint.pt")
    assert "damaged and is passed over" in caplog.text
    assert not (tmp_path / "attacked").exists()
    assert history == uninterrupted[1]


def test_two_damaged_checkpoints_start_the_run_anew(images, tmp_path, uninterrupted):
    checkpoint = tmp_path / "checkpoint.pt"
    checkpoint.write_bytes(b"")
    previous(checkpoint).write_bytes(b"")
    assert run(images, checkpoint)[1] == uninterrupted[1]


def test_a_run_killed_between_the_two_renames_resumes(images, tmp_path, uninterrupted):
    checkpoint = tmp_path / "checkpoint.pt"
    run_and_kill(images, checkpoint, 1)
    checkpoint.replace(previous(checkpoint))
    assert run(images, checkpoint)[1] == uninterrupted[1]


@pytest.mark.parametrize("change", [{"learning_rate": 0.05}, {"batch": 64}, {"epochs": 2}])
def test_a_checkpoint_of_other_settings_is_ignored(images, tmp_path, caplog, change):
    run_and_kill(images, tmp_path / "checkpoint.pt", 1)
    with caplog.at_level(logging.INFO, logger="tgnas"):
        run(images, tmp_path / "checkpoint.pt", replace(SHORT, **change))
    assert "is of other settings, data or code and is ignored" in caplog.text
    assert "resumed" not in caplog.text


def test_the_learning_rate_falls_along_a_cosine_to_zero(uninterrupted):
    rates = [epoch.lr for epoch in uninterrupted[1]]
    assert rates == pytest.approx([0.1, 0.075, 0.025])  # 0.05 (1 + cos(pi k / 3)), k = 0, 1, 2


def test_training_leaves_the_global_generator_alone(images, tmp_path):
    before = torch.get_rng_state()
    run(images, tmp_path / "checkpoint.pt", replace(SHORT, epochs=1))
    assert torch.equal(before, torch.get_rng_state())


def test_a_count_below_one_is_refused():
    with pytest.raises(ConfigError, match="epochs must be at least 1, not 0"):
        TrainingSettings(epochs=0)


def test_only_200_epochs_on_all_images_are_the_full_recipe():
    assert TrainingSettings().label(CPU) == "full recipe"
    assert TrainingSettings(epochs=199).label(CPU) == "short CPU run"
    assert TrainingSettings(train_images=49_999).label(torch.device("cuda")) == "short GPU run"


def test_a_device_is_found():
    assert find_device().type in {"cuda", "mps", "cpu"}


def test_a_summary_tells_what_was_trained_and_where(images, uninterrupted):
    trained, history = uninterrupted
    summary = summarise(trained, images, SHORT, history)
    assert summary["parameters"] == sum(weight.numel() for weight in trained.parameters())
    assert summary["test_accuracy"] == history[-1].test_accuracy
    assert summary["image_source"] == images.source
    assert (summary["epochs"], summary["train_images"], summary["test_images"]) == (3, 200, 100)
    assert summary["label"] == "short CPU run"
    assert summary["device"].startswith("cpu ")


def test_the_script_writes_history_and_result(small_parquet, tmp_path, monkeypatch):
    script = runpy.run_path(str(ROOT / "workflow" / "scripts" / "train_architecture.py"))
    monkeypatch.setitem(script["main"].__globals__, "find_device", lambda: CPU)
    (tmp_path / "found.json").write_text(json.dumps({"architecture": ARCHITECTURE}))
    paths = {name: tmp_path / name for name in ("found.json", "history.csv", "result.json")}
    script["main"](
        found=paths["found.json"],
        images=small_parquet,
        history=paths["history.csv"],
        result=paths["result.json"],
        threads=1,
        seed=0,
        settings={"epochs": 1, "batch": 16, "train_images": 32, "test_images": 20},
    )
    result = json.loads(paths["result.json"].read_text())
    assert (result["architecture"], result["dataset"]) == (ARCHITECTURE, "cifar10")
    assert result["parameters"] == 802426  # row 1 of the benchmark's table
    columns = ["epoch", "lr", "train_loss", "train_accuracy", "test_accuracy", "seconds"]
    assert pd.read_csv(paths["history.csv"]).columns.tolist() == columns
