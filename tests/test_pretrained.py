"""The predictors that come with the package."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tgnas
from tgnas.benchmarks.base import Benchmark
from tgnas.encodings.live import live_vertices
from tgnas.errors import CorruptTableError, InvalidCellError, UnknownNameError
from tgnas.evaluation.ranking import kendall_tau, spearman_rho
from tgnas.inference.asked import available
from tgnas.inference.pretrained import Pretrained, learned_rows, load_pretrained
from tgnas.inference.scorers import load_scorer
from tgnas.methods.trained import CHUNK, save
from tgnas.spaces.nasbench201 import SPACE as NASBENCH201
from tgnas.spaces.space import open_space

DISTILLED = ["distilled_az_nas", "distilled_meco", "distilled_zen"]
CANONICAL = ["canonical", "canonical_mean", "canonical_short"]
SHIPPED = [*CANONICAL, "code", "darts", *DISTILLED, "universal"]
WEIGHTS = Path(tgnas.__file__).parent / "weights"
BEST = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)
CUT = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def check_card(found: Pretrained, target: Benchmark) -> None:
    """Measure a predictor on its card's benchmark and compare."""
    card = found.card["measured_on"]
    assert card["benchmark"] == target.name
    assert card["architectures"] == len(target)
    scores = found.score(
        target.strings, space={"nasbench301": "darts"}.get(target.name, target.name)
    )
    assert scores == pytest.approx(found.scores(target.architectures).mean(axis=0))
    for dataset, measures in card["measures"].items():
        true = target.accuracy(dataset=dataset, split=card["split"], epochs=card["epochs"])
        assert kendall_tau(scores, true) == pytest.approx(measures["kendall_tau"], abs=1e-4)
        assert spearman_rho(scores, true) == pytest.approx(measures["spearman_rho"], abs=1e-4)


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request) -> Pretrained:
    return load_pretrained(request.param)


def test_all_predictors_that_are_shipped_are_under_two_megabytes():
    assert available() == SHIPPED
    assert sum(path.stat().st_size for path in WEIGHTS.glob("*.*")) < 2_000_000


@pytest.mark.parametrize(
    ("predictor", "space", "learned"),
    [
        ("canonical", "nasbench101", ["nasbench101"]),
        ("canonical", "nasbench201", []),
        ("distilled_meco", "nasbench101", []),  # has learned what a proxy says
        ("universal", "darts", ["nasbench301"]),
        ("universal", "transnas_micro", ["nasbench201"]),  # the same cells
        ("universal", "nasbench_macro", []),
        ("params", "nasbench101", []),
        ("canonical+darts+params", "nasbench101", ["nasbench101"]),
    ],
)
def test_a_predictor_says_of_which_labels_of_a_space_it_has_learned(predictor, space, learned):
    assert load_scorer(predictor).learned_of(open_space(space)) == learned


def test_the_recommended_one_needs_no_name():
    assert tgnas.load_pretrained().name == "universal"


def test_a_card_says_what_was_learned_and_never_from_what_it_is_measured_on(shipped):
    card = shipped.card
    if shipped.name != "universal":  # whose card holds the rows of others, which learned less
        assert card["measured_on"]["benchmark"] not in card["trained_on"]
    assert len(card["seeds"]) == len(shipped.weights) == 5
    assert card["licence"] == "MIT"
    assert card["made_by"]["commit"]
    assert card["settings"]["epochs"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", DISTILLED)
def test_what_is_distilled_has_learned_no_label(nasbench101, name):
    card = load_pretrained(name).card
    assert card["trained_on"]["nasbench101"].keys() == {"distil_from", "cells"}
    assert not any(len(rows.rows) for rows in learned_rows(card, nasbench101))


def test_a_cell_that_computes_something_scores_above_one_that_does_not(shipped):
    best, cut = shipped.score([BEST, CUT], space="nasbench201")
    assert best > cut


def test_architectures_that_connect_nothing_score_lowest(shipped):
    cells = NASBENCH201.enumerate()
    dead = ~live_vertices(cells.cells)[:, 0]
    scores = shipped.scores(cells)
    assert dead.sum() == 341
    if shipped.name != "code":  # the authors' graph has zeros like any operator
        assert (scores[:, dead].max(axis=1) < scores[:, ~dead].min(axis=1)).all()


def test_without_dead_cells_last_a_cell_that_connects_nothing_has_the_network_s_score():
    weights = load_pretrained().weights
    as_scored = replace(
        weights, settings=weights.settings.model_copy(update={"dead_cells_last": False})
    )
    cells = NASBENCH201.of_choices([[0] * 6, [2] * 6])
    last, raw = (part.ensemble().scores(cells) for part in (weights, as_scored))
    assert (last[:, 0] == -1).all() and (raw[:, 0] != -1).all()
    assert np.array_equal(last[:, 1], raw[:, 1])


def test_a_score_is_the_mean_of_the_members_and_the_spread_theirs():
    found = load_pretrained()
    each = found.scores([BEST, CUT], space="nasbench201")
    assert each.shape == (5, 2)
    assert found.score([BEST, CUT], space="nasbench201") == pytest.approx(each.mean(axis=0))
    spread = found.spread([BEST, CUT], space="nasbench201")
    assert spread == pytest.approx(each.std(axis=0, ddof=1))


def test_threads_change_no_score():
    found = load_pretrained()
    drawn = np.random.default_rng(0).integers(5, size=(2 * CHUNK + 100, 6))
    cells = NASBENCH201.of_choices(drawn)  # three chunks, for three threads
    one, two = (found.score(cells, threads=threads) for threads in (1, 2))
    assert np.array_equal(one, two)


def test_scores_do_not_depend_on_what_else_is_scored():
    found = load_pretrained()
    cells = NASBENCH201.of_choices(np.random.default_rng(1).integers(5, size=(3000, 6)))
    whole = found.score(cells)
    parts = np.concatenate([found.score(cells[k : k + 7]) for k in range(0, 3000, 7)])
    assert whole == pytest.approx(parts, abs=1e-5)


def test_a_genotype_is_scored_by_both_its_cells():
    found = load_pretrained("darts")
    pairs = (
        "[('sep_conv_3x3', 0), ('sep_conv_3x3', 1)"
        + ", ('skip_connect', 0), ('sep_conv_3x3', 1)" * 3
        + "]"
    )
    pools = pairs.replace("sep_conv_3x3", "max_pool_3x3")
    text = "Genotype(normal={}, normal_concat=[2, 3, 4, 5], reduce={}, reduce_concat=[2, 3, 4, 5])"
    scores = found.score(
        [text.format(a, b) for a in (pairs, pools) for b in (pairs, pools)], space="darts"
    )
    assert len(set(scores)) == 4
    both, normal, reduction, none = scores
    # A quarter of the network's cells are reductions.
    assert both - normal == pytest.approx((both - none) / 4, abs=1e-6)
    assert both - reduction == pytest.approx(3 * (both - none) / 4, abs=1e-6)


def test_an_unknown_name_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'canonicle' \(did you mean 'canonical'\?\)"):
        load_pretrained("canonicle")


def test_a_string_that_is_no_architecture_is_refused():
    with pytest.raises((InvalidCellError, UnknownNameError), match="nasbench201"):
        load_pretrained().score(["|conv~0|"], space="nasbench201")


def test_a_damaged_card_is_refused(tmp_path):
    for path in WEIGHTS.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "canonical.json").write_text(json.dumps({"seeds": 3}))
    with pytest.raises(CorruptTableError, match=r"canonical.json is not the card of a predictor"):
        load_pretrained("canonical", folder=tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seeds": 3}, "card: seeds: 3 is not allowed"),
        ({"seeds": []}, "card: seeds"),
        ({"seeds": [0.5]}, "card: seeds.0: 0.5 is not allowed"),
        ({"title": ["x"]}, "card: title"),
        ({"trained_on": 7}, "card: trained_on"),
        ({"settings": {"embedding": "../elsewhere"}}, "card: settings.embedding"),
        ({"sha256": None}, "card: sha256"),
        ([], "card: keys with values are expected"),
    ],
)
def test_a_card_that_is_none_is_told_by_its_key(tmp_path, change, said):
    card = json.loads((WEIGHTS / "canonical.json").read_text())
    text = json.dumps(card | change if isinstance(change, dict) else change)
    (tmp_path / "canonical.json").write_text(text)
    (tmp_path / "canonical.safetensors").touch()
    with pytest.raises(CorruptTableError, match="not the card of a predictor") as told:
        load_pretrained("canonical", folder=tmp_path)
    assert said in str(told.value)


def test_a_weights_file_with_a_card_that_is_none_is_told_by_its_key(tmp_path):
    weights = load_pretrained("canonical").weights
    path = tmp_path / "own.safetensors"
    save(path, replace(weights, card={"title": "own", "seeds": 5, "trained_on": {}}))
    with pytest.raises(CorruptTableError, match=r"own\.safetensors is not the card of a predictor"):
        load_pretrained(path)


def test_loading_needs_neither_sentence_transformer_nor_dgl():
    loaded = "print({'dgl', 'transformers'} & set(sys.modules))"
    code = f"import sys, tgnas; tgnas.load_pretrained(); {loaded}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CANONICAL, "code", *DISTILLED])
def test_the_shipped_weights_give_the_measures_of_their_card(nasbench201, name):
    check_card(load_pretrained(name), nasbench201)


@pytest.mark.slow
def test_the_shipped_weights_for_darts_give_the_measures_of_their_card(nasbench301):
    check_card(load_pretrained("darts"), nasbench301)
