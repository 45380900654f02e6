"""Commands whose output another process writes, cannot be written, or would not be finite."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from tgnas.cli import app
from tgnas.errors import DataError, InUseError
from tgnas.files import claimed
from tgnas.image_training import final
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import read_recipe
from tgnas.inference.pretrained import load_pretrained
from tgnas.inference.search import search
from tgnas.methods import trained
from tgnas.spaces.space import open_space

ROOT = Path(__file__).parents[1]
CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|skip_connect~2|"
OTHER = "|nor_conv_1x1~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|skip_connect~2|"
HOLD = (
    "import sys; from tgnas.files import claimed\n"
    "with claimed(sys.argv[1]): print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(f"architecture,accuracy\n{CELL},1\n{OTHER},2\n{CELL},3\n{OTHER},4\n")
    return path


@pytest.fixture
def held(tmp_path):
    """Give a function that has another process write a file."""
    running = []

    def hold(path: Path) -> None:
        command = [sys.executable, "-c", HOLD, str(path)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        assert process.stdout.readline() == "held\n"

    yield hold
    for process in running:
        process.communicate()


COMMANDS = {
    "score": ("--architectures", ".csv", ()),
    "rank": ("--architectures", ".jsonl", ()),
    "evaluate": ("--architectures", ".json", ("--accuracy-column", "accuracy")),
    "train": ("--benchmark", ".safetensors", ("--epochs", "1", "--seeds", "1")),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_second_command_with_one_output_says_that_the_first_is_running(
    command, rows, held, tmp_path
):
    given, suffix, more = COMMANDS[command]
    out = tmp_path / f"out{suffix}"
    held(out)
    arguments = [command, "--space", "nasbench201", given, str(rows), "--output", str(out), *more]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 3
    assert "is being written by process" in result.stderr
    assert not out.exists()


CELL = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
OTHERS = [
    (("search", "--budget", "9", "--output", "best.csv"), "best.csv"),
    (("search", "--budget", "9", "--history", "all.csv"), "all.csv"),
    (("search", "--budget", "9", "--output", "a.csv", "--pareto", "score,flops"), "a.png"),
    (("suggest", "--output", "next.csv"), "next.csv"),
    (("sample", "--output", "some.csv"), "some.csv"),
    (("describe", CELL, "--png", "cell.png"), "cell.png"),
    (("export", "--architecture", CELL, "--python", "network.py"), "network.py"),
    (("initialise", "--network", CELL, "--output", "a.safetensors"), "a.safetensors"),
]


@pytest.mark.parametrize(("arguments", "out"), OTHERS, ids=[out for _, out in OTHERS])
def test_an_output_that_another_process_writes_is_told_before_the_work(
    arguments, out, held, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    held(tmp_path / out)
    result = CliRunner().invoke(app, [*arguments, "--space", "nasbench201"])
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"{out} is being written by process" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == [f".{out}.lock"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_search_that_ends_on_a_full_disk_names_it_and_says_what_it_found():
    search = ("search", "--space", "nasbench201", "--predictor", "params", "--searcher", "random")
    result = CliRunner().invoke(app, [*search, "--budget", "9", "--output", "/dev/full"])
    assert result.exit_code == 3
    assert result.stderr == "tgnas: /dev/full: cannot be written: No space left on device\n"
    assert '"architecture": "|' in result.stdout


def test_what_a_command_keeps_to_itself_it_leaves_when_it_ends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    best = ("search", "--space", "nasbench201", "--predictor", "params", "--budget", "800")
    result = CliRunner().invoke(app, [*best, "--output", "a.csv", "--pareto", "score,flops"])
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.png"]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_cannot_be_written_is_told_before_the_work(
    command, rows, tmp_path, monkeypatch
):
    given, suffix, more = COMMANDS[command]
    monkeypatch.setattr(trained, "train", lambda *_, **__: pytest.fail("it was trained"))
    out = tmp_path / "missing" / f"out{suffix}"
    arguments = [command, "--space", "nasbench201", given, str(rows), "--output", str(out), *more]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 3
    assert "scored" not in result.stderr and "trained" not in result.stderr
    assert str(out) in result.stderr.replace("\n", "")


def test_a_second_training_in_one_folder_says_that_the_first_is_running(held, tmp_path):
    held(tmp_path / "checkpoint.pt")
    recipe = read_recipe(ROOT / "config/recipes/digits.yaml", {"epochs": 1})
    device = final.torch.device("cpu")
    with pytest.raises(InUseError, match=r"checkpoint\.pt is being written by process"):
        final.train_network(CELL, recipe, None, tmp_path, seed=0, process=Process(0, 1, device))
    with pytest.raises(InUseError), claimed(tmp_path / "checkpoint.pt"):
        pass


@pytest.fixture
def infinite(monkeypatch):
    """Let the first of several scores be infinite, as weights that overflow would have it."""
    scores = trained.Ensemble.scores

    def overflowing(self, *arguments, **named):
        given = scores(self, *arguments, **named)
        given[:, :1] = np.inf
        return given

    monkeypatch.setattr(trained.Ensemble, "scores", overflowing)


def test_scores_that_are_not_finite_are_counted_named_and_not_ranked(rows, infinite, tmp_path):
    common = ["--space", "nasbench201", "--architectures", str(rows), "--output"]
    result = CliRunner().invoke(app, ["score", *common, str(tmp_path / "scores.csv")])
    assert "2 of 4 scores are not finite; the first: row 1" in result.stderr
    assert (tmp_path / "scores.csv").read_text().count("inf") == 2
    CliRunner().invoke(app, ["rank", *common, str(tmp_path / "best.csv")])
    assert len((tmp_path / "best.csv").read_text().splitlines()) == 3
    more = [str(tmp_path / "m.json"), "--accuracy-column", "accuracy"]
    result = CliRunner().invoke(app, ["evaluate", *common, *more])
    assert result.exit_code == 1 and "2 of 4 scores are not finite" in result.stderr


def test_nothing_is_searched_by_scores_that_are_not_finite(infinite):
    with pytest.raises(DataError, match="1 of 8 scores is not finite; the first"):
        search(load_pretrained(), open_space("nasbench201"), "random", 8, 0)


@pytest.mark.parametrize("file", sorted((ROOT / ".github/workflows").glob("*.yml")))
def test_every_action_is_named_by_its_commit(file):
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    used = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
    assert used
    for action in used:
        name, _, commit = action.partition("@")
        assert len(commit) == 40 and int(commit, 16), f"{name} is not pinned"
