"""Operators that nobody trained on: their vectors, their features, the cache."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tgnas.encodings import embeddings as module
from tgnas.encodings.embeddings import KnownOperators, sentence_vectors
from tgnas.encodings.global_node import GLOBAL, node_features
from tgnas.errors import ConfigError, CorruptTableError, InvalidCellError, ResourceError
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.predictors import tgnas
from tgnas.methods.trained import save
from tgnas.operators import CODES, NAMES, VOCABULARY
from tgnas.spaces.space import NewOperator, open_space, space_of

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "own_space.yaml"
EMBEDDINGS = ROOT / "src" / "tgnas" / "weights" / "minilm_short.parquet"
PREDICTORS = ["canonical", "code", "darts"]


def twin(description: str) -> dict:
    """Return a space of one edge with an operator and its kin of that description."""
    operators = {"known": "conv_3x3", "new": description, "none": {"kind": "zero"}}
    cells = {"form": "operators_on_edges", "nodes": 2}
    return {"name": "twin", "operators": operators, "cells": cells}


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_new_operator_changes_no_known_ones_features(name, monkeypatch):
    weights = load_pretrained(name).weights
    vector = np.full((1, weights.embeddings.vectors.shape[1]), 0.5, dtype=np.float32)
    monkeypatch.setattr(module, "sentence_vectors", lambda *_: vector)
    codes = [CODES[operator] for operator in weights.operators]
    networks = [
        tgnas.new_network(KnownOperators.of(weights.embeddings, new, codes), weights.settings)
        for new in ((), (NewOperator("Some blur"),))
    ]
    known, more = (network.features.numpy() for network in networks)
    kept = [*range(len(NAMES)), GLOBAL if len(known) == 256 else -1]
    assert np.array_equal(known[kept], more[kept])
    if not weights.settings.projected:
        assert np.array_equal(node_features(weights.embeddings.vectors)[: len(NAMES)], known[:-1])


@pytest.mark.parametrize("name", PREDICTORS)
def test_an_operator_with_a_known_ones_vector_scores_as_that_one(name, monkeypatch):
    found = load_pretrained(name)
    vector = found.weights.embeddings.vectors[[CODES["conv_3x3"]]]
    monkeypatch.setattr(module, "sentence_vectors", lambda *_: vector)
    numbers = tuple(VOCABULARY[CODES["conv_3x3"]].attributes.values())
    space = replace(space_of(twin("Some blur")), new=(NewOperator("Some blur", numbers),))
    known, new = found.score([{"edges": [[0, 1, n]]} for n in ("known", "new")], space)
    assert new == pytest.approx(known, abs=1e-5)


def test_a_description_reads_much_like_the_operator_that_it_paraphrases(tmp_path):
    embeddings = module.OperatorEmbeddings.read(EMBEDDINGS)
    asked = ["3 by 3 convolution", "Skip connection, residual"]
    near = sentence_vectors(asked, embeddings, tmp_path) @ embeddings.vectors.T
    assert [NAMES[row.argmax()] for row in near] == ["conv_3x3", "identity"]


def test_a_vector_is_made_once(tmp_path, monkeypatch):
    embeddings = module.OperatorEmbeddings.read(EMBEDDINGS)
    first = sentence_vectors(["Large kernel"], embeddings, tmp_path)
    monkeypatch.setattr("tgnas.encodings.sentence.embed_sentences", None)
    assert np.array_equal(sentence_vectors(["Large kernel"], embeddings, tmp_path), first)


def test_another_sentence_transformer_is_refused(tmp_path):
    embeddings = module.OperatorEmbeddings.read(EMBEDDINGS)
    other = replace(embeddings, vectors=np.roll(embeddings.vectors, 1, axis=1))
    with pytest.raises(ResourceError, match="is not the one that the predictor learned with"):
        sentence_vectors(["Large kernel"], other, tmp_path)


def test_a_predictor_without_sentences_cannot_read_new_operators():
    one_hot = replace(module.OperatorEmbeddings.read(EMBEDDINGS), model="one_hot")
    with pytest.raises(ConfigError, match="need a predictor that reads"):
        sentence_vectors(["Large kernel"], one_hot)


@pytest.mark.parametrize("name", ["canonical", "code"])
def test_a_space_that_nobody_has_seen_gets_finite_and_different_scores(name):
    space = open_space(EXAMPLE)
    texts = space.format(space.of_choices([[n] * 5 for n in range(5)]))
    scores = load_pretrained(name).score(texts, EXAMPLE)
    assert np.isfinite(scores).all()
    assert len(set(scores[:3].round(4))) == 3


def test_objects_and_strings_score_alike_and_a_space_may_be_a_path_or_itself():
    found, text = load_pretrained(), "conv3/skip,attention/none,conv3"
    space = open_space(EXAMPLE)
    scores = found.score([text, space.object_of(text)], space)
    assert scores[0] == scores[1]
    assert found.score([text], str(EXAMPLE)) == pytest.approx(scores[:1], abs=1e-6)


def test_known_operators_need_no_sentence_transformer():
    blocks = {"form": "blocks", "length": 2}
    space = {"name": "x", "operators": {"a": "Convolution 3 by 3"}, "cells": blocks}
    code = (
        "import sys, tgnas; from tgnas.spaces.space import space_of; "
        f"tgnas.load_pretrained().score(['a,a'], space_of({space})); "
        "print({'dgl', 'transformers', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_strings_without_a_space_are_refused():
    with pytest.raises(ConfigError, match="need a space"):
        load_pretrained().score(["a"])
    with pytest.raises(InvalidCellError):
        load_pretrained().score([{"edges": []}, {}], "nasbench201")


def test_a_weights_file_of_ones_own_is_read_and_a_damaged_one_refused(tmp_path):
    found, path = load_pretrained(), tmp_path / "mine.safetensors"
    save(path, replace(found.weights, card=found.card))
    again = load_pretrained(path)
    space, row = open_space("nasbench201"), [[0, 1, 2, 3, 4, 3]]
    architectures = space.of_choices(np.array(row))
    assert np.array_equal(again.scores(architectures), found.scores(architectures))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CorruptTableError, match="is damaged, or no file"):
        load_pretrained(path)
