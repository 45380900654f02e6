"""Cells as graphs, and operators as sentence vectors."""

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import cells, member_cells, packed, relabelled

from tgnas.cell import Cell, Cells
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.encodings.global_node import GLOBAL, encode, node_features
from tgnas.encodings.sentence import (
    BATCH,
    corpus,
    embed_operators,
    embed_sentences,
    model_source,
    principal_components,
)
from tgnas.errors import ConfigError, CorruptTableError, ResourceError, UnknownNameError
from tgnas.methods.predictors._gcn import DglInputs
from tgnas.methods.predictors.tgnas import Settings, new_network
from tgnas.operators import CODES, LENGTHS, NAMES, PADDING, VOCABULARY
from tgnas.registry import SPACES
from tgnas.resources.packaged import MPNET, unpack
from tgnas.resources.seals import write_parquet
from tgnas.spaces.space import open_space

MODEL = "all-MiniLM-L6-v2"
THREE, ONE, ZERO = (CODES[name] for name in ("conv_3x3", "conv_1x1", "zero"))


# Graphs


def test_a_small_cell_becomes_the_graph_drawn_by_hand():
    # input -> conv_3x3 -> output and input -> output, four vertices of padding, the global node.
    graphs = encode(packed(Cell(("input", "conv_3x3", "output"), ((0, 1), (0, 2), (1, 2)))))
    expected = [
        [1, 0, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, 1, 0],
        [1, 1, 1, 1, 1, 1, 1, 1],
    ]
    codes = [CODES["input"], CODES["conv_3x3"], CODES["output"], *[PADDING] * 4, GLOBAL]
    assert graphs.aggregation[0].tolist() == expected
    assert graphs.operators[0].tolist() == codes


@given(cells(max_vertices=7), st.integers(0, 7))
def test_padding_up_to_seven_vertices_changes_no_graph(cell, width):
    graphs = encode(packed(cell))
    wide = encode(packed(cell).padded(max(width, len(cell.operators))))
    assert np.array_equal(graphs.operators, wide.operators)
    assert np.array_equal(graphs.aggregation, wide.aggregation)


def test_cells_of_eight_vertices_get_no_padding():
    graphs = encode(SPACES.load("nasbench201").enumerate().cells[:1])
    assert graphs.operators.shape == (1, 9)
    assert PADDING not in graphs.operators


@given(st.lists(cells(), min_size=1, max_size=4))
def test_a_batch_is_the_graphs_of_its_rows(several):
    graphs, row = encode(Cells.from_cells(several)), len(several) - 1
    inputs = DglInputs(graphs.operators, graphs.aggregation, graphs.counted)
    chosen = inputs.select(torch.tensor([row]))
    assert np.array_equal(chosen.operators[0], graphs.operators[row])
    assert np.array_equal(chosen.aggregation[0], graphs.aggregation[row])


def test_features_are_the_sentence_vectors_and_a_column_for_the_global_node(embeddings):
    features = node_features(embeddings.vectors)
    assert np.array_equal(features[: len(NAMES), :-1], embeddings.vectors)
    assert not features[PADDING].any()
    assert np.flatnonzero(features[GLOBAL]).tolist() == [384]
    assert np.flatnonzero(features[:, -1]).tolist() == [GLOBAL]


@pytest.fixture(scope="module")
def network(embeddings):
    """Draw a network, its running statistics too."""
    generator = torch.Generator().manual_seed(0)
    drawn = new_network(KnownOperators.of(embeddings), Settings())
    drawn.initialise(generator)
    for norm in drawn.norms:
        norm.running_mean.uniform_(-1, 1, generator=generator)
        norm.running_var.uniform_(0.5, 2, generator=generator)
    return drawn.eval()


# A space with operators of its own has no cells of the vocabulary's names.
KNOWN = [name for name in SPACES.names() if not open_space(name).new]


@pytest.mark.parametrize("space", [*KNOWN, "any"])
@given(data=st.data())
def test_a_score_does_not_see_the_order_of_the_vertices(network, space, data):
    cell = data.draw(cells() if space == "any" else member_cells(space))
    both = Cells.from_cells([cell, data.draw(relabelled(cell))])
    with torch.inference_mode():
        first, second = network(network.prepare(encode(both))).tolist()
    assert first == pytest.approx(second, rel=1e-4, abs=1e-5)


# Sentences


def test_the_weights_are_the_published_ones(embeddings):
    # As the mirror's README gives them.
    published = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert embeddings.weights_sha256 == published
    assert embeddings.model == MODEL


def test_every_operator_has_a_vector_of_unit_length(embeddings):
    assert embeddings.vectors.shape == (len(NAMES), 384)
    assert np.linalg.norm(embeddings.vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert embeddings.sentences == tuple(operator.sentence("short") for operator in VOCABULARY)


def test_a_second_embedding_is_the_same_to_the_bit(embeddings):
    assert np.array_equal(embed_operators(MODEL, "short").vectors, embeddings.vectors)


def test_a_sentence_has_the_same_vector_without_its_neighbours(embeddings):
    alone = embed_sentences([embeddings.sentences[0]], model_source(MODEL))
    assert alone[0] == pytest.approx(embeddings.vectors[0], abs=1e-6)


def test_a_new_operator_leaves_the_bits_of_full_batches(embeddings):
    # So that results of the operators that were there before stay as they were printed.
    first = embed_sentences(embeddings.sentences[:BATCH], model_source(MODEL))
    assert np.array_equal(first, embeddings.vectors[:BATCH])


def test_like_operators_have_like_sentences(embeddings):
    like = embeddings.vectors @ embeddings.vectors.T
    assert like[THREE, ONE] > like[THREE, ZERO]


@pytest.mark.parametrize("length", LENGTHS)
def test_every_operator_has_a_sentence_of_every_length(length):
    assert all(operator.sentence(length) for operator in VOCABULARY)


def test_an_unknown_model_is_answered_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="did you mean 'all-MiniLM-L6-v2'"):
        embed_operators("all-MiniLM-L12-v2", "short")


def test_an_unknown_length_is_answered_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'shrot' \(did you mean 'short'"):
        embed_operators(MODEL, "shrot")


def test_written_embeddings_read_back_the_same(embeddings, tmp_path):
    embeddings.write(tmp_path / "operators.parquet")
    read = OperatorEmbeddings.read(tmp_path / "operators.parquet")
    assert np.array_equal(read.vectors, embeddings.vectors)
    assert (read.sentences, read.model) == (embeddings.sentences, embeddings.model)
    assert read.weights_sha256 == embeddings.weights_sha256
    assert read.components == embeddings.components == 0
    assert [path.name for path in tmp_path.iterdir()] == ["operators.parquet"]


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_of_embeddings_is_refused(embeddings, tmp_path_factory, share):
    path = tmp_path_factory.mktemp("cut") / "operators.parquet"
    embeddings.write(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CorruptTableError, match=r"is damaged|is not a Parquet file"):
        OperatorEmbeddings.read(path)


def test_embeddings_of_another_vocabulary_are_refused(embeddings, tmp_path):
    embeddings.write(tmp_path / "operators.parquet")
    table = pq.read_table(tmp_path / "operators.parquet")
    write_parquet(tmp_path / "fewer.parquet", table.slice(1))
    with pytest.raises(CorruptTableError, match="does not embed the operators input, output"):
        OperatorEmbeddings.read(tmp_path / "fewer.parquet")


# Other vectors: one-hot, all-mpnet-base-v2, principal components


def test_one_hot_vectors_are_orthogonal_and_as_many_as_operators():
    one_hot = embed_operators("one_hot", "medium")
    assert np.array_equal(one_hot.vectors @ one_hot.vectors.T, np.eye(len(NAMES)))
    assert one_hot.sentences == tuple(operator.sentence("medium") for operator in VOCABULARY)
    assert (one_hot.weights_sha256, one_hot.components) == ("", 0)


def test_one_hot_vectors_have_no_components():
    with pytest.raises(ConfigError, match="one_hot has no components to keep 8 of"):
        embed_operators("one_hot", "short", 8)


@pytest.fixture(scope="module")
def mpnet(tmp_path_factory):
    """Unpack all-mpnet-base-v2 and embed the short sentences."""
    folder = tmp_path_factory.mktemp("models") / MPNET.name
    try:
        unpack(MPNET, folder)
    except ResourceError as error:
        pytest.skip(str(error))
    return embed_operators(MPNET.name, "short", folder=folder)


def test_mpnet_is_the_published_one_and_768_wide(mpnet):
    # As the mirror's README gives the weights.
    published = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
    assert mpnet.weights_sha256 == published
    assert mpnet.vectors.shape == (len(NAMES), 768)
    assert np.linalg.norm(mpnet.vectors, axis=1) == pytest.approx(1, abs=1e-6)


def test_mpnet_finds_like_operators_alike(mpnet):
    like = mpnet.vectors @ mpnet.vectors.T
    assert like[THREE, ONE] > like[THREE, ZERO]


def test_mpnet_that_is_not_unpacked_is_refused(tmp_path):
    with pytest.raises(ResourceError, match="all-mpnet-base-v2 is not unpacked"):
        embed_operators(MPNET.name, "short", folder=tmp_path / "absent")


def test_weights_that_are_not_mpnets_are_refused(tmp_path):
    (tmp_path / MPNET.weights).write_bytes(b"other")
    with pytest.raises(ResourceError, match=r"model.safetensors is not of all-mpnet-base-v2"):
        embed_operators(MPNET.name, "short", folder=tmp_path)


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(ResourceError, match=r"model.safetensors is missing"):
        embed_operators(MPNET.name, "short", folder=tmp_path)


@pytest.fixture(scope="module")
def reduced():
    """Embed the short sentences in 64 principal components."""
    return embed_operators(MODEL, "short", 64)


def test_principal_components_are_unit_vectors_of_their_number(reduced):
    assert reduced.vectors.shape == (len(NAMES), reduced.components) == (len(NAMES), 64)
    assert np.linalg.norm(reduced.vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert reduced.model == MODEL


def test_like_operators_stay_alike_in_principal_components(reduced):
    like = reduced.vectors @ reduced.vectors.T
    assert like[THREE, ONE] > like[THREE, ZERO]
    assert like[THREE, ONE] > like[THREE, CODES["identity"]]


def test_principal_components_repeat_to_the_bit(reduced):
    assert np.array_equal(embed_operators(MODEL, "short", 64).vectors, reduced.vectors)


def test_the_number_of_components_survives_the_file(reduced, tmp_path):
    reduced.write(tmp_path / "operators.parquet")
    read = OperatorEmbeddings.read(tmp_path / "operators.parquet")
    assert read.components == 64
    assert np.array_equal(read.vectors, reduced.vectors)


def test_principal_components_are_those_found_by_hand():
    # The others lie along (1, 1, 0), so it is the one component; (2, 0, 5) lies on its positive
    # side of their mean, the origin, and (-1, 0, 5) on the other.
    along = np.array([[1, 1, 0], [-1, -1, 0], [2, 2, 0], [-2, -2, 0]], dtype=np.float32)
    asked = np.array([[2, 0, 5], [-1, 0, 5]], dtype=np.float32)
    found = principal_components(asked, along, 1)
    assert sorted(found[:, 0].tolist()) == [-1, 1]


def test_more_components_than_the_vectors_are_wide_are_refused():
    with pytest.raises(ConfigError, match="5 components of 6 vectors of width 4"):
        principal_components(np.eye(4, dtype=np.float32), np.ones((6, 4), dtype=np.float32), 5)


def test_the_corpus_is_distinct_ordered_and_begins_with_the_vocabulary():
    sentences = corpus()
    assert len(set(sentences)) == len(sentences) == 974  # as docs/deviations.md says
    assert sentences == corpus()
    assert {op.sentence(length) for op in VOCABULARY for length in LENGTHS} <= set(sentences)
    assert sentences[0] == VOCABULARY[0].sentence("short")


def test_an_operator_can_have_the_vector_of_another():
    alike = {"avg_pool_3x3": "max_pool_3x3"}
    vectors = embed_operators("one_hot", "short", alike=alike).vectors
    pools = [vectors[CODES[name]] for name in ("avg_pool_3x3", "max_pool_3x3")]
    np.testing.assert_array_equal(*pools)
    assert len(np.unique(vectors, axis=0)) == len(vectors) - 1


def test_an_unknown_operator_of_alike_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'max_pool_3x3'"):
        embed_operators("one_hot", "short", alike={"avg_pool_3x3": "max_pol_3x3"})
