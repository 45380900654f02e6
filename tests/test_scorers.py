"""Counts, columns and several predictors together, asked for as a predictor is."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tgnas.cli import app
from tgnas.costs.layers import count_flops, count_parameters
from tgnas.errors import ConfigError, UnknownNameError, UnreadableFileError
from tgnas.inference.asked import asked_for, members_of
from tgnas.inference.pretrained import load_pretrained
from tgnas.inference.scorers import load_scorer
from tgnas.inference.search import search
from tgnas.inference.understanding import not_told_apart, understood
from tgnas.methods.trained import CHUNK
from tgnas.spaces.space import open_space, space_of

SPACE = open_space("nasbench201")
SOME = SPACE.sample(40, np.random.default_rng(0))


def ranks(scores: np.ndarray) -> np.ndarray:
    return pd.Series(scores).rank().to_numpy() / len(scores)


def run(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert not done.exit_code, done.output
    return done.stdout


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "some.csv"
    numbers = np.random.default_rng(1).permutation(len(SOME))
    pd.DataFrame({"architecture": SPACE.format(SOME), "latency": numbers}).to_csv(path, index=False)
    return str(path), numbers


@pytest.mark.parametrize("name", asked_for())
def test_whatever_can_be_asked_for_scores_a_space(name):
    scores = load_scorer(name).score(SOME, SPACE)
    assert scores.shape == (40,)
    assert np.isfinite(scores).all()


def test_counts_are_those_of_the_network_that_the_space_names():
    assert load_scorer("params").score(SOME, SPACE).tolist() == count_parameters(SOME).tolist()
    assert load_scorer("flops").score(SOME, SPACE).tolist() == count_flops(SOME).tolist()


def test_scores_at_random_do_not_repeat_in_the_parts_of_a_long_query():
    darts = open_space("darts")
    part = CHUNK // 2  # architectures of two cells
    some = darts.sample(part + 100, np.random.default_rng(0))
    scores = load_scorer("random").score(some, darts)
    assert not np.isin(scores[part:], scores[:part]).any()
    assert scores.tolist() == load_scorer("random").score(some, darts, threads=2).tolist()


def test_a_search_at_random_does_not_score_all_alike():
    found = search(load_scorer("random"), SPACE, "local_search", 50, 0)
    assert len(np.unique(found.scores)) > 40


def test_together_is_the_mean_of_the_members_ranks():
    found = load_scorer("canonical+effective_params").score(SOME, SPACE)
    parts = [load_scorer(name).score(SOME, SPACE) for name in ("canonical", "effective_params")]
    assert found == pytest.approx(np.mean([ranks(part) for part in parts], axis=0))


@pytest.mark.parametrize("folder", [".", "a+b"])
def test_a_path_with_a_plus_is_one_member(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / folder).mkdir(exist_ok=True)
    path = f"{folder}/ours + theirs+2.safetensors"
    (tmp_path / path).touch()
    assert members_of(path) == [path]
    assert members_of(f"params + {path}+flops") == ["params", path, "flops"]


def test_a_members_name_and_a_plus_begin_no_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("params+a.safetensors", "a.safetensors"):
        (tmp_path / name).touch()
    assert members_of("params+a.safetensors") == ["params", "a.safetensors"]
    assert members_of("./params+a.safetensors") == ["./params+a.safetensors"]
    with pytest.raises(UnreadableFileError, match=r"b\.safetensors"):
        members_of("a.safetensors+b.safetensors")


def test_a_column_is_a_member_of_what_ranks_a_file(table, tmp_path):
    path, numbers = table
    out = tmp_path / "out.csv"
    about = ["--space", "nasbench201", "--architectures", path, "--output", str(out)]
    run("score", *about, "--predictor", "params+column:latency")
    expected = (ranks(count_parameters(SOME)) + ranks(numbers)) / 2
    assert pd.read_csv(out)["score"].to_numpy() == pytest.approx(expected)


def test_a_column_alone_measures_a_users_own_scores(table):
    path, _ = table
    about = ["--space", "nasbench201", "--architectures", path, "--accuracy-column", "latency"]
    assert json.loads(run("evaluate", *about, "--predictor", "column:latency"))["kendall_tau"] == 1


def test_a_column_cannot_be_searched_by():
    with pytest.raises(ConfigError, match="is a column of a table"):
        search(load_scorer("params+column:latency"), SPACE, "random", 10, 0)


def test_a_search_by_several_ranks_among_the_spaces_own():
    one = search(load_scorer("params+flops"), SPACE, "random", 200, 0)
    alone = search(load_scorer("params"), SPACE, "random", 200, 0)
    # Parameters and FLOPs have one order in this space.
    assert one.architecture == alone.architecture


@pytest.mark.parametrize(
    ("asked", "error"),
    [("parms", UnknownNameError), ("canonical+", UnknownNameError), ("params+params", ConfigError)],
)
def test_what_cannot_be_asked_for_is_refused(asked, error):
    with pytest.raises(error):
        load_scorer(asked)


def test_a_part_of_a_file_is_not_ranked_by_several(table):
    path, _ = table
    words = ["--space", "nasbench201", "--architectures", path, "--shard", "1/2"]
    done = CliRunner().invoke(app, ["score", *words, "--predictor", "params+flops"])
    assert done.exit_code == 2
    assert "ranks among all rows" in done.output


def test_the_list_of_methods_names_all_that_is_taken():
    lines = run("methods").splitlines()
    taken = [line.split("│")[3].strip() for line in lines if "--predictor " in line and "│" in line]
    assert taken == asked_for()


def test_operators_of_one_description_are_not_told_apart():
    operators = {"a": "Convolution 3 by 3", "b": "conv_3x3", "c": "Max pooling 3 by 3"}
    cells = {"form": "operators_on_edges", "nodes": 4}
    space = space_of({"name": "twins", "operators": operators, "cells": cells})
    some = space.sample(16, np.random.default_rng(0))
    assert not_told_apart(space, load_scorer("params"), some) == [("a", "b")]
    assert not_told_apart(space, load_scorer("canonical"), some) == [("a", "b")]


def test_operators_that_a_count_takes_for_one_are_named():
    operators = {"max": "max_pool_3x3", "average": "avg_pool_3x3", "conv": "conv_3x3"}
    cells = {"form": "operators_on_edges", "nodes": 3}
    space = space_of({"name": "pools", "operators": operators, "cells": cells})
    some = space.sample(16, np.random.default_rng(0))
    assert not_told_apart(space, load_scorer("params"), some) == [("max", "average")]


def test_the_1x1_convolutions_around_a_kernel_are_shown_where_no_expansion_says_so():
    said = [{"expansion": 1}, {"groups": "separable", "pointwise": True}, {"expansion": 3}]
    entries = ({"description": "Convolution 3 by 3", "attributes": one} for one in said)
    operators = dict(zip("abc", entries, strict=True))
    cells = {"form": "operators_on_edges", "nodes": 3}
    space = space_of({"name": "around", "operators": operators, "cells": cells})
    rows = understood(space, load_pretrained().weights.embeddings)
    assert [row.attributes.partition(" C^2")[0] for row in rows] == [
        "kernel 3, pointwise, 11",
        "kernel 3, separable, pointwise, 2",
        "kernel 3, expansion 3, 87",
    ]


def test_of_an_operator_whose_words_say_no_numbers_they_are_unknown():
    cells = {"form": "blocks", "length": 2}
    words = {"attention": "Squeeze and excitation channel attention"}
    space = space_of({"name": "mine", "operators": words, "cells": cells})
    (row,) = understood(space, load_pretrained().weights.embeddings)
    assert row.attributes == "unknown"


def test_a_new_operator_is_shown_with_what_it_is_taken_for():
    space = open_space("examples/own_space.yaml")
    rows = {row.spelling: row for row in understood(space, load_pretrained().weights.embeddings)}
    assert rows["sep7"].attributes == "kernel 7, separable, 1 C^2 + 49 C weights, reach 3"
    assert rows["sep7"].nearest == "sep_conv_5x5"
    assert 0.5 < rows["sep7"].similarity < 1
    assert rows["attention"].attributes == "squeeze 0.0625, 0.125 C^2 weights"
    assert (rows["skip"].name, rows["skip"].similarity) == ("identity", 1)
