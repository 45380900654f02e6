"""Training a real, very small network on a few hundred real images."""

import json
import logging
import math
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import script
from project import WARM, be_tgnas
from strategies import GENOTYPE
from torch import nn

from tgnas.errors import ConfigError, TrainingError
from tgnas.image_training import loop
from tgnas.image_training.data import on_device
from tgnas.image_training.final import build, open_images, summarise
from tgnas.image_training.images import Images, load_cifar10
from tgnas.image_training.loop import train
from tgnas.image_training.processes import Process, find_device
from tgnas.image_training.recipe import Recipe, read_recipe
from tgnas.image_training.steps import usable
from tgnas.networks.darts import drop_path
from tgnas.training.checkpoint import previous
from tgnas.training.seeds import seeded

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "config" / "recipes"
NAME = "cifar10/cifar10_jpeg_q75.parquet"
ARCHITECTURE = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
)
SMALL = {"channels": 4, "layers": 1, "epochs": 3, "batch": 32}
SLICE = {"train_images": 200, "test_images": 100}
SHORT = read_recipe(RECIPES / "nasbench201.yaml", SMALL | SLICE)
# Everything that DARTS adds: auxiliary head, dropped paths, cutout, clip.
DARTS = read_recipe(
    RECIPES / "darts.yaml", SMALL | {"layers": 3, "train_images": 96, "test_images": 50}
)
ALONE = Process(0, 1, torch.device("cpu"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def small_parquet(resource_file, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("images") / "small.parquet"
    pd.read_parquet(resource_file(NAME), filters=[("index_in_class", "<", 80)]).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def images(small_parquet) -> Images:
    return load_cifar10(small_parquet)


def run(images: Images, checkpoint: Path, recipe: Recipe = SHORT, **more):
    """Train anew; return the network and the history without its times."""
    process = more.pop("process", ALONE)
    architecture = GENOTYPE if recipe.space == "darts" else ARCHITECTURE
    network = build(architecture, recipe, 10, seed=0)
    drawn = images.subset(recipe.train_images, recipe.test_images, np.random.default_rng(1))
    data = on_device(drawn, process, recipe.cutout)
    history = train(network, data, recipe, checkpoint=checkpoint, seed=1, process=process, **more)
    return network, untimed(history)


def untimed(history):
    return [replace(epoch, seconds=0.0, images_per_second=0.0) for epoch in history]


def run_and_kill(
    images: Images, checkpoint: Path, epochs: int, recipe: Recipe = SHORT, **more
) -> None:
    """Train as if the process died after that many epochs."""
    with pytest.MonkeyPatch.context() as patch:
        finished = []

        def log_then_die(epoch, *_):
            finished.append(epoch)
            if len(finished) == epochs:
                raise KeyboardInterrupt

        patch.setattr(loop, "_tell", log_then_die)
        with pytest.raises(KeyboardInterrupt):
            run(images, checkpoint, recipe, **more)


def assert_equal_to_the_bit(first: nn.Module, second: nn.Module) -> None:
    ours, theirs = first.state_dict(), second.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture(scope="module")
def uninterrupted(images, tmp_path_factory):
    return run(images, tmp_path_factory.mktemp("whole") / "checkpoint.pt")


def test_a_real_network_learns_real_images(images, tmp_path):
    recipe = SHORT.model_copy(update={"epochs": 5, "train_images": 800, "test_images": 800})
    _, history = run(images, tmp_path / "checkpoint.pt", recipe)
    assert history[-1].train_loss < history[0].train_loss
    assert history[-1].test_accuracy > 16  # chance is 10; 5 standard deviations reach 15.3
    assert history[-1].test_top5 > 58  # chance is 50


@pytest.mark.parametrize("epochs", [1, 2])
def test_an_interrupted_and_resumed_run_equals_an_uninterrupted_one(
    images, tmp_path, uninterrupted, epochs
):
    run_and_kill(images, tmp_path / "checkpoint.pt", epochs)
    resumed, history = run(images, tmp_path / "checkpoint.pt")
    assert history == uninterrupted[1]
    assert_equal_to_the_bit(resumed, uninterrupted[0])


def test_so_does_one_that_drops_paths_cuts_out_and_clips(images, tmp_path):
    whole, expected = run(images, tmp_path / "whole.pt", DARTS)
    run_and_kill(images, tmp_path / "checkpoint.pt", 1, DARTS)
    resumed, history = run(images, tmp_path / "checkpoint.pt", DARTS)
    assert history == expected
    assert_equal_to_the_bit(resumed, whole)


@pytest.mark.parametrize(
    "change", [{"drop_path": 0.0}, {"auxiliary": 0.0}, {"cutout": 0}, {"clip": 0.01}]
)
def test_every_part_of_the_darts_recipe_counts(images, tmp_path, change):
    recipe = DARTS.model_copy(update={"epochs": 2})
    _, with_it = run(images, tmp_path / "with.pt", recipe)
    _, without = run(images, tmp_path / "without.pt", recipe.model_copy(update=change))
    assert with_it != without


def test_label_smoothing_and_warm_up_count(images, tmp_path, uninterrupted):
    for change in ({"label_smoothing": 0.1}, {"warm_up": 1}):
        _, history = run(images, tmp_path / "checkpoint.pt", SHORT.model_copy(update=change))
        assert history != uninterrupted[1]


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


def test_a_run_stops_at_its_time_limit_and_goes_on(images, tmp_path, uninterrupted):
    _, first = run(images, tmp_path / "checkpoint.pt", seconds=0.0)
    assert first == uninterrupted[1][:1]  # one epoch is always trained
    _, second = run(images, tmp_path / "checkpoint.pt", seconds=0.0)
    assert second == uninterrupted[1][:2]
    assert run(images, tmp_path / "checkpoint.pt", seconds=600.0)[1] == uninterrupted[1]


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
    with caplog.at_level(logging.INFO, logger="tgnas"):
        resumed, history = run(images, checkpoint)
    assert f"checkpoint {checkpoint} is damaged and is passed over" in caplog.text
    assert "resumed_after_epoch=1" in caplog.text
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
def test_a_checkpoint_of_another_recipe_is_ignored(images, tmp_path, caplog, change):
    run_and_kill(images, tmp_path / "checkpoint.pt", 1)
    with caplog.at_level(logging.INFO, logger="tgnas"):
        run(images, tmp_path / "checkpoint.pt", SHORT.model_copy(update=change))
    assert "is of other settings, data or code and is ignored" in caplog.text
    assert "resumed" not in caplog.text


def test_the_learning_rate_falls_along_a_cosine_to_zero(uninterrupted):
    rates = [epoch.lr for epoch in uninterrupted[1]]
    assert rates == pytest.approx([0.1, 0.075, 0.025])  # 0.05 (1 + cos(pi k / 3)), k = 0, 1, 2


def test_training_leaves_the_global_generator_alone(images, tmp_path):
    before = torch.get_rng_state()
    run(images, tmp_path / "checkpoint.pt", DARTS.model_copy(update={"epochs": 1}))
    assert torch.equal(before, torch.get_rng_state())


def test_a_loss_that_is_not_finite_ends_the_run(images, tmp_path):
    with pytest.raises(TrainingError, match="a lower learning_rate than"):
        run(images, tmp_path / "checkpoint.pt", SHORT.model_copy(update={"learning_rate": 1e30}))
    assert not (tmp_path / "checkpoint.pt").exists()


def test_the_log_is_a_line_of_json_for_each_epoch_whatever_a_kill_left(images, tmp_path):
    log = tmp_path / "log.jsonl"
    run(images, tmp_path / "checkpoint.pt", log=log)
    lines = log.read_text()
    assert [json.loads(line)["epoch"] for line in lines.splitlines()] == [1, 2, 3]
    log.write_text(lines[:-20])
    run(images, tmp_path / "checkpoint.pt", log=log)
    assert log.read_text() == lines


def test_a_device_is_found():
    assert find_device().type in {"cuda", "mps", "cpu"}


def test_a_summary_tells_what_was_trained_and_where(images, small_parquet, uninterrupted):
    trained, history = uninterrupted
    data = open_images(small_parquet, SHORT, ALONE, seed=1)
    summary = summarise(trained, data, SHORT, history, ALONE)
    assert summary["parameters"] == sum(weight.numel() for weight in trained.parameters())
    assert summary["test_accuracy"] == history[-1].test_accuracy
    assert summary["image_source"] == images.source
    assert (summary["epochs"], summary["train_images"], summary["test_images"]) == (3, 200, 100)
    assert summary["label"] == "short CPU run"
    assert summary["device"].startswith("cpu ")


def test_parameters_are_counted_without_the_auxiliary_head(small_parquet, images):
    data = open_images(small_parquet, DARTS, ALONE, seed=1)
    with_head = build(GENOTYPE, DARTS, 10, seed=0)
    without = build(GENOTYPE, DARTS.model_copy(update={"auxiliary": 0.0}), 10, seed=0)
    counted = summarise(with_head, data, DARTS, [loop.Epoch(1, *[0.0] * 8)], ALONE)
    assert counted["parameters"] == sum(weight.numel() for weight in without.parameters())


def test_the_script_writes_history_and_result(small_parquet, tmp_path, monkeypatch):
    main = script("train_architecture")
    monkeypatch.setitem(main.__globals__, "find_device", lambda: torch.device("cpu"))
    (tmp_path / "best.json").write_text(json.dumps({"architecture": ARCHITECTURE}))
    paths = {name: tmp_path / name for name in ("best.json", "history.csv", "result.json")}
    main(
        best=[paths["best.json"]],
        recipe=RECIPES / "nasbench201.yaml",
        images=[small_parquet],
        history=[paths["history.csv"]],
        result=[paths["result.json"]],
        threads=1,
        seeds=[0],
        change={"epochs": 1, "batch": 16, "train_images": 32, "test_images": 20},
        step="captured",  # of a GPU; here is none
    )
    result = json.loads(paths["result.json"].read_text())
    assert (result["architecture"], result["dataset"]) == (ARCHITECTURE, "cifar10")
    assert result["parameters"] == 802426  # row 1 of the benchmark's table
    columns = list(asdict(loop.Epoch(1, *[0.0] * 8)))
    assert pd.read_csv(paths["history.csv"]).columns.tolist() == columns


@pytest.mark.parametrize("step", ["captured", "compiled"])
@pytest.mark.parametrize("world, named", [(1, "the device cpu"), (2, "2 processes")])
def test_a_step_that_is_a_graph_is_refused_where_there_is_none(step, world, named):
    with pytest.raises(ConfigError, match=f"a {step} step needs .* not {named}; allowed: eager"):
        usable(step, torch.device("cpu"), world)


@pytest.mark.parametrize("kept", [0.25, 1.0])
def test_a_probability_that_is_a_tensor_drops_as_a_number_does(kept):
    ones = torch.ones(4000, 2, 1, 1)
    with seeded(0):
        dropped = drop_path(ones, torch.tensor(kept))
    assert set(dropped.unique().tolist()) <= {0.0, 1 / kept}
    assert torch.equal(dropped[:, 0], dropped[:, 1])
    assert float((dropped > 0).float().mean()) == pytest.approx(kept, abs=0.03)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("step", ["captured", "compiled"])
@pytest.mark.parametrize("recipe", [SHORT, DARTS], ids=["nasbench201", "darts"])
def test_a_graph_of_a_step_trains_as_the_eager_step_does(images, tmp_path, recipe, step):
    # 200 images in batches of 32: the last of an epoch has 8. No paths are dropped, whose draws
    # may differ, and nothing is rounded to bfloat16.
    exact = recipe.model_copy(update={"precision": "float32", "drop_path": 0.0})
    process = Process(0, 1, torch.device("cuda"))
    eager = run(images, tmp_path / "eager.pt", exact, process=process)
    other = run(images, tmp_path / "graph.pt", exact, process=process, step=step)
    for mine, its in zip(eager[1], other[1], strict=True):
        assert its.train_loss == pytest.approx(mine.train_loss, rel=1e-3)
        assert its.lr == mine.lr
    ours, theirs = (dict(network.state_dict()) for network, _ in (eager, other))
    for name, value in ours.items():
        assert torch.allclose(value, theirs[name], rtol=1e-2, atol=1e-3), name


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_graph_goes_on_where_eager_steps_were_killed_and_drops_paths(images, tmp_path):
    process, checkpoint = Process(0, 1, torch.device("cuda")), tmp_path / "checkpoint.pt"
    run_and_kill(images, checkpoint, epochs=2, recipe=DARTS, process=process)
    _, history = run(images, checkpoint, DARTS, process=process, step="captured")
    assert [epoch.epoch for epoch in history] == [1, 2, 3]
    assert all(math.isfinite(epoch.train_loss) for epoch in history)


def command(
    folder: Path, small_parquet: Path, *more: str, epochs: int = 5, processes: int = 0
) -> list[str]:
    """Return the command that trains on a tiny slice, by torchrun where it is of processes."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    changes = SMALL | SLICE | {"epochs": epochs}
    return [
        sys.executable,
        *(torchrun if processes else []),
        *("-m", "tgnas", "train-network", "--recipe", str(RECIPES / "nasbench201.yaml")),
        *("--architecture", ARCHITECTURE, "--images", str(small_parquet)),
        *("--output", str(folder)),
        *(f"--set={key}={value}" for key, value in changes.items()),
        *more,
    ]


def finish(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(arguments, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def state(folder: Path) -> dict:
    return torch.load(folder / "checkpoint.pt", weights_only=True)


@pytest.mark.slow
def test_a_run_killed_at_any_moment_resumes_to_the_same_result(small_parquet, tmp_path):
    def started(folder: Path) -> BaseProcess:
        process = WARM.Process(target=be_tgnas, args=(command(folder, small_parquet)[3:],))
        process.start()
        return process

    whole, killed, moments = tmp_path / "whole", tmp_path / "killed", random.Random(0)
    started(whole).join()
    kills = 0
    while kills < 3:
        process = started(killed)
        before = state(killed)["history"] if (killed / "checkpoint.pt").exists() else []
        while process.is_alive():  # until an epoch more is done, then anywhere in the next
            time.sleep(0.01)
            log = killed / "log.jsonl"
            if log.exists() and len(log.read_text().splitlines()) > len(before):
                break
        time.sleep(moments.uniform(0, 0.3))
        process.kill()
        process.join()
        kills += process.exitcode == -signal.SIGKILL
        assert not (killed / "result.json").exists() or kills == 3
    started(killed).join()
    ours, theirs = state(killed), state(whole)
    assert all(torch.equal(ours["network"][key], theirs["network"][key]) for key in ours["network"])
    histories = [pd.read_csv(f / "history.csv") for f in (killed, whole)]
    timed = ["seconds", "images_per_second"]
    pd.testing.assert_frame_equal(*(history.drop(columns=timed) for history in histories))


@pytest.mark.slow
def test_two_processes_agree_and_only_the_first_writes(small_parquet, tmp_path):
    done = finish(command(tmp_path / "two", small_parquet, epochs=2, processes=2))
    assert done.stdout.count("test_accuracy") == 1
    result = json.loads((tmp_path / "two" / "result.json").read_text())
    assert result["device"].startswith("2 x cpu")
    assert result["train_images"] == 200
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == [
        "checkpoint.pt",
        "checkpoint.pt.previous",
        "curves.pdf",
        "curves.png",
        "history.csv",
        "log.jsonl",
        "result.json",
        "training.json",
    ]


@pytest.mark.slow
def test_processes_end_with_the_same_weights_and_those_of_one_alone(tmp_path):
    program = str(ROOT / "tests" / "train_in_processes.py")
    (tmp_path / "alone").mkdir()
    finish([sys.executable, program, str(tmp_path / "alone")])
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    finish([sys.executable, *torchrun, program, str(tmp_path)])
    first, second = (torch.load(tmp_path / f"rank{rank}of2.pt") for rank in range(2))
    alone = torch.load(tmp_path / "alone" / "rank0of1.pt")
    for name in ("plain", "cell"):  # batch statistics, too
        assert all(torch.equal(first[name][key], second[name][key]) for key in first[name])
    # Without batch statistics, the mean of two halves' gradients is the gradient of the batch.
    for key, values in alone["plain"].items():
        torch.testing.assert_close(first["plain"][key], values, rtol=1e-4, atol=1e-6)
    assert not torch.equal(first["cell"]["stem.0.weight"], alone["cell"]["stem.0.weight"])
