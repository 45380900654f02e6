"""The universal predictor: what it reads, what it adds up, and when it cannot tell."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from typer.testing import CliRunner

from tgnas.cli.app import app
from tgnas.encodings.counts import COUNTS, counts_of
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.encodings.meanings import meanings_of
from tgnas.errors import ConfigError
from tgnas.evaluation.ranking import kendall_tau
from tgnas.inference.pretrained import load_pretrained
from tgnas.inference.verdict import MOST_DISAGREEMENT, Tally, Verdict
from tgnas.methods.contracts import Context
from tgnas.methods.predictors import universal
from tgnas.operators import CODES
from tgnas.results import universal as table
from tgnas.spaces.space import open_space, space_of
from tgnas.training.splits import TrainingSet

PARAPHRASES = yaml.safe_load((Path(__file__).parent / "paraphrases.yaml").read_text())
NB201 = {
    "none": {"kind": "zero"},
    "skip": {"kind": "identity"},
    "a": "conv_1x1",
    "b": "conv_3x3",
    "c": "avg_pool_3x3",
}
EDGES = {"form": "operators_on_edges", "nodes": 4}


def edges(operators: dict) -> dict:
    return {"name": "own", "operators": operators, "cells": EDGES}


def sizes(*widths: int) -> dict:
    convolutions = {
        str(w): {"description": f"Conv 3 by 3 to {w}", "attributes": {"kernel": 3, "width": w}}
        for w in widths
    }
    return {
        "name": "sizes",
        "operators": convolutions,
        "cells": {"form": "blocks", "length": 4, "separator": ":"},
    }


@pytest.fixture(scope="module")
def shipped():
    return load_pretrained("universal")


@pytest.fixture(scope="module")
def vocabulary(shipped) -> KnownOperators:
    return shipped.weights.known_operators()


def test_convolutions_that_differ_in_their_reach_are_not_the_same(vocabulary):
    features = meanings_of(vocabulary).features
    names = ["conv_3x3", "conv_1x1", "max_pool_3x3", "sep_conv_3x3", "sep_conv_5x5", "zero"]
    assert len({features[CODES[name]].tobytes() for name in names}) == len(names)


def test_an_operator_of_words_alone_is_taken_for_the_one_that_is_most_like_it(shipped):
    space = space_of(edges({"x": "A layer that pools by averaging", "y": "conv_3x3"}))
    found = meanings_of(shipped.weights.known_operators(space.new))
    assert found.taken_for[space.operators["x"]] == CODES["avg_pool_3x3"]
    assert found.similarity[space.operators["y"]] == 1


def test_what_scores_an_architecture_is_the_architecture_alone(shipped):
    space = open_space("nds_darts")
    some = space.sample(40, np.random.default_rng(0))
    parts = np.concatenate([shipped.score(some[k : k + 1]) for k in range(40)])
    assert shipped.score(some) == pytest.approx(parts, abs=1e-4)


def test_of_one_cell_the_wider_and_deeper_network_scores_higher(shipped):
    space = open_space("nds_darts")
    [text] = space.format(space.sample(1, np.random.default_rng(0)))
    cell = text.partition(" width=")[0]
    small, wide, deep = shipped.score(
        [f"{cell} width={w} depth={d}" for w, d in ((32, 6), (64, 6), (32, 14))], space
    )
    assert wide > small
    assert deep > small


def test_each_wider_layer_of_a_sequence_scores_higher(shipped):
    space = space_of(sizes(8, 16))
    assert space.size == 16
    scores = shipped.score(space.enumerate())
    choices = space.choices_of(space.enumerate())
    for layer in range(4):
        narrow = np.flatnonzero(choices[:, layer] == 0)
        wide = narrow + 2 ** (3 - layer)
        assert (scores[wide] > scores[narrow]).all()


def test_a_residual_block_adds_half_the_depth_of_one_without_a_shortcut():
    def depth_of(shortcut: str) -> float:
        block = {"description": "x", "attributes": {"kernel": 3, "shortcut": shortcut}}
        cells = {"form": "blocks", "length": 3, "separator": ":"}
        # The stem puts out as many channels as the blocks.
        space = space_of({"name": "b", "operators": {"x": block}, "cells": cells})
        architectures = space.architectures(["x:x:x"])
        layers = universal.layers_of(architectures)
        return float(universal.mean_depth(architectures, layers)[0])

    assert depth_of("none") == 3
    assert depth_of("plain") == 1.5


def test_it_learns_cells_and_refuses_networks_that_differ_in_more(shipped, vocabulary):
    space = open_space("nds_enas")
    source = TrainingSet(space.sample(3, np.random.default_rng(0)), np.arange(3.0), space.name)
    context, generator = Context(vocabulary), torch.Generator()
    with pytest.raises(ConfigError, match="nds_enas stand in networks that differ in more"):
        universal.fit([source], shipped.weights.settings, context, generator)


@pytest.mark.parametrize("number", range(5))
def test_wording_changes_no_ranking(shipped, number):
    words = {
        name: PARAPHRASES[meant][number] if isinstance(meant, str) else meant
        for name, meant in NB201.items()
    }
    usual, other = space_of(edges(NB201)), space_of(edges(words))
    drawn = np.random.default_rng(0).integers(5, size=(2000, 6))
    scores = [shipped.score(space.of_choices(drawn), space) for space in (usual, other)]
    # Whatever the accuracies are, no tau differs by more than this one lacks to 1.
    assert kendall_tau(*scores) > 1 - 0.03


def test_counts_are_those_that_vary():
    cells = open_space("nasbench201").enumerate()
    assert set(counts_of(cells)) == {"params", "flops", "effective_params", "convolutions", "paths"}
    assert set(counts_of(space_of(sizes(8, 16)).enumerate())) <= set(COUNTS)


def test_members_that_agree_but_for_a_constant_do_not_disagree():
    scores = np.random.default_rng(0).normal(size=100)
    tally = Tally()
    tally.add(np.stack([scores[:50], scores[:50] + 7]))
    tally.add(np.stack([scores[50:], scores[50:] + 7]))
    assert tally.disagreement == pytest.approx(0, abs=1e-6)
    assert tally.ties == 0
    assert Verdict(tally.disagreement, tally.ties).tells


def test_members_that_know_nothing_cannot_tell():
    tally = Tally()
    tally.add(np.random.default_rng(0).normal(size=(5, 1000)))
    assert tally.disagreement > MOST_DISAGREEMENT
    assert "the seeds differ" in str(Verdict(tally.disagreement, tally.ties))


def test_nothing_speaks_against_the_scores_of_known_spaces(shipped):
    for name in ("nasbench101", "nasbench201", "darts", "nasbench_macro", "nds_darts"):
        space = open_space(name)
        some = space.sample(500, np.random.default_rng(0))
        assert shipped.verdict(some, space).reasons == ()


SHUFFLED = {
    "nor_conv_3x3": "Average pooling 3 by 3",
    "nor_conv_1x1": "Convolution 3 by 3",
    "avg_pool_3x3": "Convolution 1 by 1",
    "skip": {"kind": "identity"},
}
NONSENSE = {"a": "the yellow submarine", "b": "seven bananas", "skip": {"kind": "identity"}}


@pytest.mark.parametrize(
    ("operators", "reason"),
    [(SHUFFLED, "say something else than"), (NONSENSE, "no known operator is like 'a', 'b'")],
)
def test_it_cannot_tell_on_a_space_of_shuffled_meanings(shipped, operators, reason):
    space = space_of(edges(operators))
    verdict = shipped.verdict(space.sample(300, np.random.default_rng(0)), space)
    assert not verdict.tells
    assert reason in str(verdict)


def test_a_predictor_of_cells_cannot_tell_sequences_apart():
    space = open_space("nasbench_macro")
    some = space.sample(100, np.random.default_rng(0))
    assert "sequences of blocks" in str(load_pretrained("canonical").verdict(some, space))


def test_the_command_says_in_one_line_that_it_cannot_tell(tmp_path):
    space, rows = tmp_path / "space.yaml", tmp_path / "rows.csv"
    space.write_text(yaml.safe_dump(edges(SHUFFLED)))
    opened = open_space(space)
    strings = opened.format(opened.sample(30, np.random.default_rng(0)))
    pd.DataFrame({"architecture": strings}).to_csv(rows, index=False)
    for command in ("score", "rank"):
        arguments = [command, "--space", str(space), "--architectures", str(rows)]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0
        assert result.stderr.count("cannot tell") == 1
    result = CliRunner().invoke(
        app, ["search", "--space", str(space), "--searcher", "random", "--budget", "60"]
    )
    assert "cannot tell" in result.stderr


def test_the_table_sets_the_predictor_beside_the_best_count():
    ours = [("universal", 0, 0.6), ("universal", 1, 0.8)]
    rows = [*ours, ("params", 0, 0.5), ("flops", 0, 0.65)]
    found = [
        {"dataset": "d", "population": "all", "subset": subset, "name": "kendall_tau"}
        | {"value": value, "low": 0.1, "high": 0.9, "architectures": 50, "method": m, "seed": seed}
        for subset in ("all", "top")
        for m, seed, value in rows
    ]
    frame = table.table([pd.DataFrame(found)], {"nds_enas": True})
    assert list(frame.columns) == list(table.COLUMNS)
    [row] = table.with_best_count(frame).itertuples()
    assert row.kendall_tau == pytest.approx(0.7)
    assert (row.method_count, row.kendall_tau_count) == ("flops", 0.65)


def test_embeddings_are_not_read_where_numbers_are_known(shipped):
    embeddings = shipped.weights.embeddings
    other = OperatorEmbeddings(
        embeddings.sentences, -embeddings.vectors, embeddings.model, embeddings.weights_sha256
    )
    known = KnownOperators.of(other)
    assert np.array_equal(
        meanings_of(known).features, meanings_of(KnownOperators.of(embeddings)).features
    )
