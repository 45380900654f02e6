"""The universal predictor: what it reads, what it adds up, and when it cannot tell."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from typer.testing import CliRunner

from tgnas.cli.app import app
from tgnas.costs.layers import layers_of
from tgnas.encodings.counts import COUNTS, counts_of
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.encodings.live import is_dead, live_pattern
from tgnas.encodings.meanings import meanings_of
from tgnas.errors import ConfigError
from tgnas.evaluation.ranking import kendall_tau
from tgnas.inference.pretrained import load_pretrained
from tgnas.inference.scoring import Scorer
from tgnas.inference.streaming import Source, format_of
from tgnas.inference.understanding import not_told_apart
from tgnas.inference.verdict import (
    LEAST_COUNTS_AGREE,
    MOST_DISAGREEMENT,
    Tally,
    Verdict,
    counts_agree,
)
from tgnas.methods.contracts import Context
from tgnas.methods.predictors import tgnas, universal
from tgnas.operators import CODES, OperatorAttributes
from tgnas.results import universal as table
from tgnas.results import universal_choice as choice
from tgnas.results import universal_differences as differences
from tgnas.spaces.descriptions import attributes_of
from tgnas.spaces.space import FOLDER, open_space, space_of
from tgnas.studies.wording import reworded
from tgnas.training.distillation import MIXED_CELLS
from tgnas.training.splits import TrainingSet

TESTS = Path(__file__).parent
WORDS = {
    "with which descriptions were first read": TESTS / "paraphrases.yaml",
    "first": TESTS.parent / "config/wording/first.yaml",
    "second": TESTS.parent / "config/wording/second.yaml",
}
PARAPHRASES = {name: yaml.safe_load(path.read_text()) for name, path in WORDS.items()}
NB201 = {
    "none": {"kind": "zero"},
    "skip": {"kind": "identity"},
    "a": "conv_1x1",
    "b": "conv_3x3",
    "c": "avg_pool_3x3",
}
DEPTHWISE = {"kernel": 3, "groups": "depthwise"}
INVERTED = {"groups": "separable", "shortcut": "plain"}
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


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize(("space", "sampled"), [("nasbench201", 1000), ("darts", 100)])
def test_wording_changes_no_tau_by_more_than_three_hundredths(shipped, words, space, sampled):
    described = yaml.safe_load((FOLDER / f"{space}.yaml").read_text())
    usual = open_space(space)
    texts = usual.format(usual.sample(sampled, np.random.default_rng(0)))
    scores, lowest = shipped.score(texts, usual), 1.0
    for number in range(5):
        other = space_of(reworded(described, PARAPHRASES[words], number))
        lowest = min(lowest, kendall_tau(scores, shipped.score(texts, other)))
    # Whatever the accuracies are, no tau differs by more than this one lacks to 1.
    assert lowest > 1 - 0.03


def test_a_sequence_through_which_nothing_passes_is_last(shipped):
    operators = {"a": "conv_3x3", "b": "conv_1x1", "none": {"kind": "zero"}}
    cells = {"form": "blocks", "length": 3}
    space = space_of({"name": "b", "operators": operators, "cells": cells})
    texts = space.format(space.enumerate())
    dead = np.array(["none" in text for text in texts])
    scores = shipped.score(texts, space)
    assert scores[dead].max() < scores[~dead].min()


@pytest.mark.parametrize("columns", [{}, {"width": [4, 64], "depth": [4, 20]}])
@pytest.mark.parametrize("dead", ["normal", "reduce"])
def test_a_network_of_which_one_kind_of_cell_is_dead_is_last(shipped, columns, dead):
    operators = {"conv": "conv_3x3", "skip": {"kind": "identity"}, "none": {"kind": "zero"}}
    weights = {"normal": 0.8, "reduce": 0.2}
    cells = {"form": "genotype", "cell_weights": weights, "nodes": 1}
    space = space_of({"name": "g", "operators": operators, "cells": cells, "columns": columns})
    pairs = {name: [[name, 0], [name, 1]] for name in operators}
    small, large = ({name: values[place] for name, values in columns.items()} for place in (0, 1))
    live = {"normal": pairs["skip"], "reduce": pairs["skip"]} | small
    other = {"normal": pairs["conv"], "reduce": pairs["conv"], dead: pairs["none"]} | large
    for predictor in (shipped, load_pretrained("canonical")):
        if predictor is shipped or not columns:
            scores = predictor.score([other, live], space)
            assert scores[0] < scores[1]


def test_it_cannot_tell_of_blocks_of_which_no_number_is_known(shipped):
    blocks = {"a": "conv_3x3", "b": "Something with many weights"}
    cells = {"form": "blocks", "length": 3}
    space = space_of({"name": "b", "operators": blocks, "cells": cells})
    verdict = shipped.verdict(space.enumerate(), space)
    assert verdict.uncounted == ("b",)
    assert "no number is known of 'b'" in str(verdict)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("DW conv., k = 5, d = 2, + PW conv.", {"kernel": 5, "dilation": 2, "groups": "separable"}),
        ("SepConv2d 3\u00d73, \u00d72", {"kernel": 3, "groups": "separable", "repeats": 2}),
        (
            "MBConv6 5x5",
            {"kernel": 5, "groups": "separable", "expansion": 6, "shortcut": "plain"},
        ),
        ("Each channel has a 3 by 3 kernel of its own, in a convolution", DEPTHWISE),
        ("Convolutions over windows of 3 x 3 pixels", {"kernel": 3}),
        ("Stacked 3 by 3 convolutions", {"kernel": 3}),
        ("relu-dwconv-pwconv-bn, kernel size: 3", {"kernel": 3, "groups": "separable"}),
        ("Max. pool, k = 3", {"kernel": 3, "pooling": "max"}),
        ("A 1x1 convolution, then a 3x3 convolution", {}),  # two kernels: it is not guessed
        # A number of another attribute does not count convolutions, whatever stands between.
        ("MBConv with expansion 6 and 3x3 convolutions", {"kernel": 3, "expansion": 6} | INVERTED),
        ("4 groups of 3x3 convolutions", {"kernel": 3, "groups": 4}),
        ("Stride 2 with 3x3 convolutions", {"kernel": 3, "stride": 2}),
        ("Dilation 2 on 3x3 convolutions", {"kernel": 3, "dilation": 2}),
        ("Two 3*3 convolutions", {"kernel": 3, "repeats": 2}),
        ("3x3 conv x 2", {"kernel": 3, "repeats": 2}),
        ("Two 1x7 then 7x1 convolutions", {}),
        ("Convolution, kernel size 3, 2 groups", {"kernel": 3, "groups": 2}),
        ("Conv2d, kernel_size=(3, 3)", {"kernel": 3}),
        ("Conv2d, kernel_size=(3, 5)", {}),
        ("Convolution 3x3 with batch norm, momentum 0.9, and ReLU-6", {"kernel": 3}),
        ("Attention-free convolution 3x3, 1 group", {"kernel": 3}),
    ],
)
def test_words_are_read_as_they_are_shortened(text, numbers):
    assert attributes_of(text) == OperatorAttributes(**numbers)


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


@pytest.mark.parametrize("name", ["universal", "canonical", "darts"])
@pytest.mark.parametrize("form", ["operators_on_edges", "genotype"])
def test_dead_networks_say_nothing_of_disagreement(tmp_path, name, form):
    operators = {"conv": "conv_3x3", "one": "conv_1x1", "none": {"kind": "zero"}}
    cells = {"form": form, "nodes": 3}
    cells |= {"cell_weights": {"normal": 0.8, "reduce": 0.2}} if form == "genotype" else {}
    content = {"name": "d", "operators": operators, "cells": cells}
    (tmp_path / "d.yaml").write_text(yaml.safe_dump(content))
    space, predictor = open_space(tmp_path / "d.yaml"), load_pretrained(name)
    some = space.sample(200, np.random.default_rng(0))
    some = some[some.distinct()[0]]
    dead = is_dead(some)
    assert 0 < dead.sum() < len(some)
    said, alone = predictor.verdict(some, space), predictor.verdict(some[~dead], space)
    assert (said.disagreement, said.ties) == (alone.disagreement, alone.ties)
    pd.DataFrame({"architecture": space.format(some)}).to_csv(tmp_path / "a.csv", index=False)
    source = Source(str(tmp_path / "a.csv"), format_of(str(tmp_path / "a.csv")))
    scorer = Scorer(space, predictor.ensemble(space), source, 1)
    assert sum(scores.shape[1] for _, scores in scorer.run()) == len(some)
    assert scorer.tally.disagreement == pytest.approx(alone.disagreement)


def test_spaces_with_dead_members_are_told_apart_as_others(shipped):
    operators = {"conv": "conv_3x3", "one": "conv_1x1", "skip": {"kind": "identity"}}
    operators |= {"none": {"kind": "zero"}}
    weights = {"normal": 0.8, "reduce": 0.2}
    genotype = {"form": "genotype", "nodes": 2, "cell_weights": weights}
    for cells in (genotype, {"form": "blocks", "length": 4}):
        space = space_of({"name": "d", "operators": operators, "cells": cells})
        some = space.sample(64, np.random.default_rng(0))
        assert is_dead(some).any()
        assert shipped.verdict(some, space).tells
        assert not_told_apart(space, shipped, some) == []


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


def test_a_name_contradicts_no_weights_that_are_stated_without_a_kernel(shipped):
    stated = {"description": "Convolution over time", "attributes": {"weights": 9, "reach": 1}}
    skip = {"kind": "identity"}
    space = space_of(edges({"conv_3x3": stated, "conv1x1": "conv_1x1", "skip": skip}))
    some = space.sample(100, np.random.default_rng(0))
    assert shipped.verdict(some, space).tells
    others = {"conv1x1": "conv_3x3", "max_pool_3x3": stated, "conv_3x3": skip}
    space = space_of(edges(others))
    some = space.sample(100, np.random.default_rng(0))
    assert shipped.verdict(some, space).contradictory == tuple(others)


def test_it_cannot_tell_of_an_operator_that_is_most_like_one_of_graphs(shipped):
    operators = {"attention": "Multi-head self-attention", "conv": "conv_3x3"}
    space = space_of(edges(operators | {"skip": {"kind": "identity"}}))
    some = space.sample(100, np.random.default_rng(0))
    assert shipped.verdict(some, space).unlike == ("attention",)
    words = operators["attention"]
    operators["attention"] = {"description": words, "attributes": {"weights": 4}}
    space = space_of(edges(operators | {"skip": {"kind": "identity"}}))
    assert shipped.verdict(some, space).tells


def test_a_predictor_of_cells_cannot_tell_sequences_apart():
    space = open_space("nasbench_macro")
    some = space.sample(100, np.random.default_rng(0))
    assert "sequences of blocks" in str(load_pretrained("canonical").verdict(some, space))


def test_it_cannot_tell_where_flops_and_parameters_contradict_each_other(shipped):
    shapes = {  # many weights at few pixels, or few weights at many pixels
        "late": {"kernel": 3, "widen": 3, "stride": 3},
        "early": {"kernel": 3, "repeats": 2},
    }
    operators = {n: {"description": "Block " + n, "attributes": a} for n, a in shapes.items()}
    file = {"name": "b", "operators": operators, "cells": {"form": "blocks", "length": 4}}
    space = space_of(file)
    verdict = shipped.verdict(space.enumerate(), space)
    assert verdict.counts_agree < 0
    assert "no one knows which says more" in str(verdict)
    texts = space.format(space.enumerate())
    measured = space_of(file | {"columns": {"resolution": "any"}})
    some = measured.architectures([f"{text} resolution=32" for text in texts])
    assert shipped.verdict(some, measured).counts_agree == verdict.counts_agree
    agreeing = open_space("small_widths")
    assert shipped.verdict(agreeing.sample(50, np.random.default_rng(0)), agreeing).tells


def test_it_cannot_tell_cells_in_networks_whose_flops_and_parameters_contradict_each_other(shipped):
    operators = {"a": "conv_3x3", "b": "conv_1x1", "skip": {"kind": "identity"}}
    columns = {"width": [16, 18, 20], "resolution": [16, 32, 64]}  # FLOPs grow with both
    space = space_of(edges(operators) | {"columns": columns})
    some = space.sample(300, np.random.default_rng(0))
    said = shipped.verdict(some, space)
    assert said.counts_agree < LEAST_COUNTS_AGREE
    assert said.disagreement < MOST_DISAGREEMENT
    assert len(said.reasons) == 1
    assert "no one knows which says more" in str(said)


def test_flops_and_parameters_agree_on_the_development_spaces_of_networks_that_differ():
    for name in ("nds_darts", "nds_enas"):
        assert counts_agree(open_space(name)) == pytest.approx(0.95, abs=0.02)


def test_nobody_asks_whether_counts_agree_where_networks_are_alike(shipped):
    space = open_space("nasbench201")
    verdict = shipped.verdict(space.sample(50, np.random.default_rng(0)), space)
    assert np.isnan(verdict.counts_agree)


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


def measured() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measures and taus of the predictor, two counts, of which it beats one, and its own part."""
    means = {"universal": 0.6, "labels_alone": 0.55, "params": 0.4, "flops": 0.6}
    about = {"dataset": "d", "population": "all", "subset": "all"}
    measures = [
        about | {"name": "kendall_tau", "value": tau, "low": tau - 0.1, "high": tau + 0.1}
        | {"architectures": 50, "method": name, "seed": 0}
        for name, tau in means.items()
    ]  # fmt: skip
    noise = {"universal": 0.02, "labels_alone": 0.02, "params": -0.02, "flops": -0.02}
    draws = [
        about | {"method": name, "resample": k, "kendall_tau": tau + noise[name] * (k - 5)}
        for name, tau in means.items()
        for k in range(11)
    ]
    return pd.DataFrame(measures), pd.DataFrame(draws)


def test_differences_to_counts_are_paired_and_the_best_count_is_the_rows_own():
    measures, draws = measured()
    frame = differences.table([measures], [draws], {"nds_enas": True}, 0.95)
    of = frame.set_index("less")
    counts = {"flops": "flops", "params": "params", "best": "flops"}
    assert of["count"].to_dict() == counts | {"labels_alone": "labels_alone"}
    assert of.difference["params"] == pytest.approx(0.2)
    # The draws of the two move against each other: .2 and .04 for each draw from the middle one.
    assert of.high["params"] == pytest.approx(0.2 + 0.04 * 4.75)
    verdicts = {"flops": "open", "params": "higher", "best": "open"}
    assert of.verdict.to_dict() == verdicts | {"labels_alone": "higher"}
    assert differences.show(frame)[1].rows[0]["best count"] == "FLOPs"


def test_the_sum_for_sequences_is_that_which_its_choice_shows(shipped):
    settings = shipped.weights.settings
    stands = (settings.flops, 0, settings.layer_widths, settings.depth)
    assert stands in choice.CANDIDATES.values()
    space = open_space("small_macro")
    some = space.sample(30, np.random.default_rng(0))
    counted = universal.sequence_counts(some)
    weights = np.array([settings.flops, settings.layer_widths, settings.depth])
    added = weights @ np.stack([counted[name] for name in ("flops", "channels", "depth")])
    assert shipped.score(some, space) == pytest.approx(added)


def of_cells(predictor, some, *parts: str) -> np.ndarray:
    """Return the sum over parts of the mean score of the graph networks, one for each member."""
    members = predictor.ensemble().members
    networks = [[getattr(member, part) for member in members] for part in parts]
    return sum(tgnas.score_members(each, some).mean(axis=0) for each in networks)


def test_the_sum_for_cells_in_alike_networks_is_that_of_the_page(shipped):
    space = open_space("nasbench201")
    three, one = "nor_conv_3x3", "nor_conv_1x1"
    some = space.architectures(
        [
            f"|{three}~0|+|{one}~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|",
            f"|{one}~0|+|{three}~0|{three}~1|+|none~0|none~1|skip_connect~2|",
            f"|{three}~0|+|none~0|none~1|+|{one}~0|none~1|none~2|",  # the 3x3 leads nowhere
        ]
    )
    live = np.array([9 + 1, 1 + 9 + 9, 1])  # weights for each pair of channels
    expected = of_cells(shipped, some, "cells", "distilled") + 0.15 * np.log(1 + live)
    assert shipped.score(some, space) == pytest.approx(expected)


def test_the_weights_of_several_cells_are_a_mean_of_logarithms_and_count_channels_too(shipped):
    space = open_space("darts")
    kinds = {"normal": "sep_conv_3x3", "reduce": "dil_conv_3x3"}
    some = space.architectures([{k: [[n, p % 2] for p in range(8)] for k, n in kinds.items()}])
    # Two 1x1 behind two depthwise 3x3, of whose weights each channel has its own; or one of each.
    w = 8 * np.array([2 + 2 * 9 / 32, 1 + 9 / 32])
    expected = of_cells(shipped, some, "cells", "distilled") + 0.15 * np.dot(
        some.cell_weights, np.log(1 + w)
    )
    assert shipped.score(some, space) == pytest.approx(expected)


def test_the_sum_for_networks_that_differ_is_that_of_the_page(shipped):
    space = open_space("nds_darts")
    some = space.sample(20, np.random.default_rng(0))
    layers = layers_of(live_pattern(some))
    counts = np.log(layers.all_flops) + 0.5 * np.log(layers.all_parameters)
    assert shipped.score(some, space) == pytest.approx(of_cells(shipped, some, "cells") + counts)


def test_columns_of_flops_and_parameters_stand_in_for_what_is_counted(shipped):
    operators = {"a": "conv_3x3", "b": "conv_1x1"}
    space = space_of(edges(operators) | {"columns": {"params": "any", "flops": "any"}})
    cells = "|a~0|+|b~0|a~1|+|a~0|b~1|b~2|"
    some = space.architectures([f"{cells} params=3e6 flops=40", f"{cells} params=5 flops=7"])
    counts = np.log([40, 7]) + 0.5 * np.log([3e6, 5])
    assert shipped.score(some, space) == pytest.approx(of_cells(shipped, some, "cells") + counts)


def test_embeddings_are_not_read_where_numbers_are_known(shipped):
    embeddings = shipped.weights.embeddings
    other = OperatorEmbeddings(
        embeddings.sentences, -embeddings.vectors, embeddings.model, embeddings.weights_sha256
    )
    known = KnownOperators.of(other)
    assert np.array_equal(
        meanings_of(known).features, meanings_of(KnownOperators.of(embeddings)).features
    )


@pytest.fixture(scope="module")
def with_proxies(shipped):
    """Return what a training with and without the scores of proxies leaves, and its context."""
    nasbench201, mixed = open_space("nasbench201"), open_space(MIXED_CELLS)
    cells, others = (s.sample(40, np.random.default_rng(0)) for s in (nasbench201, mixed))
    labelled = TrainingSet(cells, np.arange(40.0), "nasbench201")
    distilled = TrainingSet(others, np.arange(40.0)[::-1].copy(), MIXED_CELLS)
    settings = shipped.weights.settings.model_copy(update={"epochs": 2})
    context = Context(shipped.weights.known_operators())
    fitted = [
        universal.fit(sources, settings, context, torch.Generator().manual_seed(0))
        for sources in ([labelled], [labelled, distilled])
    ]
    return [*fitted, settings, context]


def test_scores_of_proxies_are_learned_by_a_network_of_their_own(with_proxies):
    alone, both, settings, context = with_proxies
    assert alone.distilled is None
    for name, entry in alone.state.items():
        assert torch.equal(entry, both.state[name])
    some = open_space("nasbench201").sample(50, np.random.default_rng(1))
    some = some[~is_dead(some)]
    more = settings.distilled_weight * both.distilled.score(some)
    assert both.score(some) == pytest.approx(alone.score(some) + more, abs=1e-6)
    again = universal.restore(both.state, settings, context)
    assert np.array_equal(again.score(some), both.score(some))


def test_a_dead_cell_scores_below_all_others_whatever_was_distilled(with_proxies):
    dead = open_space("nasbench201").architectures(
        ["|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"]
    )
    assert with_proxies[1].score(dead) == [-1]


def test_where_networks_differ_in_size_nothing_distilled_is_added(with_proxies):
    alone, both, _, _ = with_proxies
    some = open_space("nds_darts").sample(20, np.random.default_rng(0))
    assert np.array_equal(alone.score(some), both.score(some))


def test_scores_of_proxies_alone_are_no_universal_predictor(with_proxies):
    *_, settings, context = with_proxies
    mixed = open_space(MIXED_CELLS).sample(5, np.random.default_rng(0))
    source = TrainingSet(mixed, np.arange(5.0), MIXED_CELLS)
    with pytest.raises(ConfigError, match="needs labels beside the scores of proxies"):
        universal.fit([source], settings, context, torch.Generator())
