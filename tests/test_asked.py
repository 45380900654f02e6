"""What is asked for wrongly is told in one line, before anything is imported, made or written."""

import json
import subprocess
import sys
from inspect import Parameter, signature
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
import torch
from test_cli import tgnas

import tgnas as package
from tgnas.cli.app import COMMANDS as COMMANDS_OF_APP
from tgnas.errors import CorruptTableError, TgnasError
from tgnas.image_training.final import train_network
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import read_recipe

RECIPES = Path(__file__).parents[1] / "config/recipes"
SOME = package.sample("nasbench201", 12)
BEST = SOME[0]
PLAIN = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 2))
GIVEN = {
    "architecture": BEST,
    "architectures": SOME,
    "accuracies": [*range(12)],
    "space": "nasbench201",
    "against": "flops",
    "count": 2,
    "module": PLAIN,
    "images": torch.zeros(2, 3, 2, 2),
    "proxies": "l2_norm",
    "predictor": "params",
    "name": "canonical",
}
WRONG = {
    "seed": [-1, "a", 1.5, True, 1 << 70, None, [0], np.array([1, 2])],
    "threads": [0, -1, "a", 1.5, None, 10**9],
    "count": [0, -1, "a", 2.5, None, 10**25],
    "top": [0, -1, "a", None],
    "budget": [0, -1, "a", None],
    "seeds": [0, "a", None],
    "epochs": [0, "a"],
    "classes": [0, "a", None, 1.5],
    "size": ["a", 3, {"channels": 0}, {"channels": "a"}, {1: 2}, {"nothing": 1}],
    "space": [None, -1, "nowhere", "nowhere.yaml", b"nasbench201", ["nasbench201"], "\0.yaml"],
    "predictor": [
        None,
        -1,
        "nowhere",
        "nowhere.safetensors",
        "\0.safetensors",
        [],
        "params+params",
    ],
    "configuration": [None, -1, "params", "nowhere.safetensors", PLAIN],
    "asked": [None, -1, "nowhere", b"params"],
    "name": [None, -1, "nowhere", "nowhere.safetensors"],
    "folder": [-1, b"a", "nowhere"],
    "output": [-1, "a.txt", "nowhere/a.safetensors", "/"],
    "to": [None, -1, "nowhere", []],
    "searcher": [None, -1, "nowhere", []],
    "against": [-1, "nowhere", []],
    "method": [-1, "nowhere", []],
    "constraints": [None, -1, "params<=1", [1], ["params"], ["nothing<=1"]],
    "costs": [None, -1, "nowhere.csv", [1], ["nowhere.csv"], ["\0.csv"]],
    "proxies": [None, -1, "nowhere", [1], ["nowhere"]],
    "device": [-1, "nowhere", [], 1.5, "meta"],
    "module": [None, "a", torch.nn.Linear],
    "images": ["a", [1], torch.zeros(3), torch.zeros(2, 3, 2, 2, dtype=torch.int64)],
    "labels": ["a", [1], [0.5, 0.5], [0, 9], [[0], [1]]],
    "architectures": [None, -1, BEST, ["nonsense"], [None], {}, PLAIN],
    "architecture": [None, -1, "nonsense", [], PLAIN],
    "accuracies": [None, -1, ["a"] * 12, [1], [float("inf")] * 12, PLAIN],
}
FUNCTIONS = sorted(
    name
    for name in package.__all__
    if callable(getattr(package, name)) and not isinstance(getattr(package, name), type)
)


@pytest.fixture
def unchecked():
    """Leave types alone, which are checked under pytest and not in a user's process."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrong_arguments_of_public_functions_are_told_in_one_line(name):
    function = getattr(package, name)
    parameters = signature(function).parameters
    given = {key: value for key, value in GIVEN.items() if key in parameters}
    for parameter in parameters:
        for value in WRONG[parameter]:
            if value is None and parameters[parameter].default is None:
                continue
            if parameter == "accuracies" and name == "suggest" and np.shape(value) == (12,):
                continue  # what is not known yet
            with pytest.raises(TgnasError) as raised:
                function(**given | {parameter: value})
            assert "\n" not in str(raised.value), (parameter, value)
            assert len(str(raised.value)) < 500, (parameter, value)


@pytest.mark.parametrize("command", [c for c in COMMANDS_OF_APP if c.__name__ in FUNCTIONS])
def test_a_function_does_by_default_what_its_command_does(command):
    function = signature(getattr(package, command.__name__)).parameters
    options = signature(command).parameters
    # A default that the command chooses later is None; the notation is called `to` in Python.
    shared = [n for n in function if n in options and options[n].default is not None and n != "to"]
    for name in shared:
        assert function[name].default in (options[name].default, Parameter.empty), name
    assert {"seed", "predictor", "configuration"} & set(shared) or command.__name__ == "convert"


def test_numbers_of_numpy_are_numbers():
    first = package.sample("nasbench201", np.int64(3), seed=np.int32(1))
    assert first == package.sample("nasbench201", 3, seed=1)


HERE = ("--space", "nasbench201")
ONE = (*HERE, "--architectures", "one.csv")
LABELLED = (*HERE, "--benchmark", "one.csv", "--output", "a.safetensors")
NETWORK = ("--recipe", str(RECIPES / "nasbench201.yaml"), "--output", "folder", "--images")
COMMANDS = {
    "score": ("score", *ONE),
    "rank": ("rank", *ONE),
    "evaluate": ("evaluate", *ONE, "--accuracy-column", "accuracy"),
    "search": ("search", *HERE, "--budget", "1"),
    "oracle": ("search", *HERE, "--oracle", "one.csv"),
    "suggest": ("suggest", *HERE),
    "sample": ("sample", *HERE),
    "convert": ("convert", *ONE),
    "train": ("train", *LABELLED),
    "measure": ("measure", "--module", "nowhere:build"),
    "export": ("export", *HERE, "--architecture", BEST, "--python", "a.py"),
    "initialise": ("initialise", *HERE, "--network", BEST, "--output", "a.safetensors"),
    "train-network": ("train-network", *NETWORK, ".", "--architecture", BEST),
    "describe": ("describe", BEST, *HERE),
    "check": ("space", "check", "nasbench201"),
}


def replaced(command: str, option: str, value: str) -> list[str]:
    """Return a command with an option of another value; the last one counts."""
    return [*COMMANDS[command], option, value]


MISSING = [
    *(
        ("score", o, f"nowhere/a{e}")
        for o, e in (("--architectures", ".csv"), ("--space", ".yaml"))
    ),
    *(
        (c, "--predictor", "nowhere/a.safetensors")
        for c in ("score", "evaluate", "search", "oracle")
    ),
    *(
        (c, "--predictor", "nowhere/a.safetensors")
        for c in ("rank", "suggest", "describe", "check")
    ),
    *((c, "--costs", "nowhere/a.csv") for c in ("search", "suggest", "sample")),
    ("oracle", "--oracle", "nowhere/a.csv"),
    ("suggest", "--known", "nowhere/a.csv"),
    ("convert", "--architectures", "nowhere/a.csv"),
    ("check", "--architectures", "nowhere/a.csv"),
    ("train", "--benchmark", "nowhere/a.csv"),
    ("train", "--configuration", "nowhere/a.safetensors"),
    ("export", "--architecture", "nowhere/a.json"),
    ("initialise", "--network", "nowhere/a.json"),
    ("initialise", "--hypernetwork", "nowhere/a.safetensors"),
    ("train-network", "--recipe", "nowhere/a.yaml"),
    ("train-network", "--architecture", "nowhere/a.json"),
    ("train-network", "--images", "nowhere/a.tar.gz"),
]
UNWRITABLE = [
    *((command, "--output", "nowhere/a.csv") for command in ("score", "rank", "search", "suggest")),
    *((command, "--output", "nowhere/a.csv") for command in ("sample", "convert", "measure")),
    ("evaluate", "--output", "nowhere/a.json"),
    ("search", "--history", "nowhere/a.csv"),
    ("train", "--output", "nowhere/a.safetensors"),
    ("export", "--python", "nowhere/a.py"),
    ("export", "--torchscript", "nowhere/a.pt"),
    ("initialise", "--output", "nowhere/a.safetensors"),
    ("train-network", "--output", "one.csv/folder"),
    ("describe", "--png", "nowhere/a.png"),
]
UNKNOWN = [
    *((command, "--predictor", "canonicl") for command in ("score", "rank", "evaluate", "search")),
    *(
        (command, "--predictor", "canonicl")
        for command in ("oracle", "suggest", "describe", "check")
    ),
    *((command, "--space", "nasbnch201") for command in COMMANDS if "--space" in COMMANDS[command]),
    *((command, "--searcher", "hybrd") for command in ("search", "oracle")),
    *((command, "--constraint", "flps<=1") for command in ("search", "sample", "suggest")),
    ("search", "--pareto", "score,flps"),
    ("oracle", "--pareto", "accuracy,flps"),
    ("suggest", "--against", "flps"),
    ("convert", "--to", "naslb"),
    ("train", "--configuration", "canonicl"),
    ("train", "--method", "network_"),
    ("measure", "--proxies", "snp"),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, list]:
    """Return what each command ends with: exit code, stdout, stderr, modules, files."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "one.csv").write_text(f"architecture,accuracy\n{BEST},90\n")
    asked = [
        replaced(*case) + ["--output", "b.csv"] * (case[1] in ("--history", "--pareto"))
        for case in [*MISSING, *UNWRITABLE, *UNKNOWN]
    ]
    code = """
import json, os, sys
from typer.testing import CliRunner
from tgnas.cli import app
for case in json.loads(sys.argv[1]):
    done = CliRunner().invoke(app, case)
    about = (done.exit_code, done.stdout, done.stderr, "torch" in sys.modules, os.listdir())
    print(json.dumps(about))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(asked)],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    answers = map(json.loads, done.stdout.splitlines())
    return dict(zip(map(str, [*MISSING, *UNWRITABLE, *UNKNOWN]), answers, strict=True))


@pytest.mark.parametrize("case", MISSING, ids=" ".join)
def test_a_file_that_is_not_there_is_told_alike_by_all_commands(told, case):
    line = f"tgnas: {case[2]}: cannot be read: No such file or directory\n"
    assert told[str(case)] == [3, "", line, False, ["one.csv"]]


@pytest.mark.parametrize("case", UNWRITABLE, ids=" ".join)
def test_an_output_that_cannot_be_written_is_told_alike_before_the_work(told, case):
    reason = "Not a directory" if case[2].startswith("one") else "No such file or directory"
    line = f"tgnas: {case[2]}: cannot be written: {reason}\n"
    assert told[str(case)] == [3, "", line, False, ["one.csv"]]


@pytest.mark.parametrize("case", UNKNOWN, ids=" ".join)
def test_a_name_that_is_not_known_is_told_before_torch_is_imported(told, case):
    code, stdout, stderr, imported, files = told[str(case)]
    assert (code, stdout, imported, files) == (2, "", False, ["one.csv"])
    assert case[2].rpartition(",")[2].partition("<")[0] in stderr


@pytest.mark.parametrize(
    ("option", "value", "code", "message"),
    [
        ("--architecture", "nonsense", 1, "nasbench201: 'nonsense' is not of the form"),
        ("--set", "epochs=0", 2, "0 is not allowed"),
    ],
)
def test_no_folder_is_made_for_a_training_that_is_refused(
    tmp_path, monkeypatch, option, value, code, message
):
    monkeypatch.chdir(tmp_path)
    done = tgnas(*replaced("train-network", option, value))
    assert message in done.stderr
    assert done.exit_code == code
    assert not list(tmp_path.iterdir())


def test_no_folder_is_made_for_images_that_are_none(tmp_path):
    images, alone = tmp_path / "one.csv", Process(0, 1, torch.device("cpu"))
    images.write_text("nothing")
    recipe = read_recipe(RECIPES / "nasbench201.yaml", {"channels": 2, "layers": 1})
    with pytest.raises(CorruptTableError):
        train_network(BEST, recipe, images, tmp_path / "folder", seed=0, process=alone)
    assert list(tmp_path.iterdir()) == [images]


def test_measures_go_to_a_device_that_stays_one(tmp_path):
    rows = "".join(f"{text},{row}\n" for row, text in enumerate(SOME))
    (tmp_path / "some.csv").write_text(f"architecture,accuracy\n{rows}")
    given = (*HERE, "--architectures", tmp_path / "some.csv", "--accuracy-column", "accuracy")
    done = tgnas("evaluate", *given, "--predictor", "params", "--output", "/dev/null")
    assert done.exit_code == 0
    assert Path("/dev/null").is_char_device()


FAULTY_FILES = {
    "space": ("mine.yaml", "name: mine\noperatrs: {a: conv_3x3}\n", "did you mean 'operators'"),
    "form": (
        "mine.yaml",
        "name: mine\noperators: {a: conv_3x3}\ncells: {form: edges}\n",
        "cells: form 'edges'",
    ),
    "kind": (
        "mine.yaml",
        "name: mine\noperators: {a: {kind: idntity}}\ncells: {form: blocks, length: 2}\n",
        "did you mean 'identity'",
    ),
    "recipe": ("recipe.yaml", "epoch: 3\n", "did you mean 'epochs'"),
    "costs": ("costs.csv", "operator,ms\nconv,1\n", "unknown operator of nasbench201 in"),
}


@pytest.mark.parametrize("case", FAULTY_FILES)
def test_a_name_in_a_file_that_is_not_known_is_a_fault_of_the_data(tmp_path, case):
    name, text, message = FAULTY_FILES[case]
    (file := tmp_path / name).write_text(text)
    command = {
        "mine.yaml": ("space", "check", file),
        "recipe.yaml": replaced("train-network", "--recipe", str(file)),
        "costs.csv": ("sample", *HERE, "--costs", file),
    }[name]
    done = tgnas(*command)
    assert message in done.stderr and str(file) in done.stderr
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("command", ["describe", "export"])
def test_an_operator_that_a_space_lacks_is_a_fault_of_the_architecture(command, tmp_path):
    wrong = BEST.replace("nor_conv_3x3", "nor_conv_5x5").replace("none", "non")
    options = {
        "describe": (wrong,),
        "export": ("--architecture", wrong, "--python", tmp_path / "a.py"),
    }
    done = tgnas(command, *HERE, *options[command])
    assert "unknown nasbench201 operator" in done.stderr
    assert done.exit_code == 1


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("sample", "--constraint", "params<1"),
        ("search", "--pareto", "flops"),
        ("score", "--predictor", "params+params"),
        ("train", "--device", "gpu"),
        ("measure", "--module", "no_colon"),
        ("export", "--set", "channels=0"),
    ],
)
def test_a_value_that_an_option_may_not_have_is_a_fault_of_the_command(
    tmp_path, monkeypatch, command, option, value
):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{text},{row}\n" for row, text in enumerate(SOME))
    (tmp_path / "one.csv").write_text(f"architecture,accuracy\n{rows}")
    more = {"search": ("--output", "b.csv"), "train": ("--method", "network")}.get(command, ())
    done = tgnas(*replaced(command, option, value), *more)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.stderr


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("search", "--accuracy-column", "top1"),
        ("suggest", "--accuracy-column", "top1"),
        ("suggest", "--figure", "a.png"),
        ("search", "--costs", "costs.csv"),
        ("suggest", "--costs", "costs.csv"),
        ("sample", "--costs", "costs.csv"),
        ("oracle", "--threads", "2"),
        ("oracle", "--costs", "costs.csv"),
        ("search", "--top", "3"),
    ],
)
def test_an_option_without_the_one_that_it_needs_is_refused(
    tmp_path, monkeypatch, command, option, value
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.csv").write_text(f"architecture,accuracy\n{BEST},90\n")
    (tmp_path / "costs.csv").write_text(f"architecture,ms\n{BEST},9\n")
    done = tgnas(*replaced(command, option, value))
    assert done.exit_code == 2
    assert "Invalid value for" in done.stderr
