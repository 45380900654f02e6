"""NAS-Bench-Graph: its strings, its keys, and the tables of the package that holds it."""

import pickle
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import strategies
from conftest import script
from hypothesis import given
from hypothesis import strategies as st

from tgnas.benchmarks import nasbench_graph as reader
from tgnas.benchmarks.base import Benchmark, open_benchmark
from tgnas.cell import Cell, Cells
from tgnas.errors import CorruptTableError, InvalidCellError, ResourceError, UnknownNameError
from tgnas.spaces import nasbench_graph
from tgnas.spaces.architectures import of_cells
from tgnas.spaces.nasbench_graph import FORM, SIZE, SPACE, all_keys, cells_of_keys

needs_package = pytest.mark.skipif(
    find_spec("nas_bench_graph") is None, reason="the package nas-bench-graph is not installed"
)


def keys_of(cells: Cells) -> list[int]:
    rows = FORM.rows_of(cells).tolist()
    return [nasbench_graph.key_of(tuple(row[:SIZE]), tuple(row[SIZE:])) for row in rows]


def key(text: str) -> int:
    return keys_of(SPACE.parse(text).cells)[0]


def key_of(cell: Cell) -> int:
    return keys_of(of_cells(cell).cells)[0]


# The space


def test_vertices_that_feed_none_feed_the_output():
    cell = SPACE.parse("gcn~0|gat~1|skip~1|fc~2").member(0)
    inner = ("graph_convolution", "graph_attention", "identity", "fully_connected")
    assert cell.operators == ("input", *inner, "output")
    assert cell.edges == ((0, 1), (1, 2), (1, 3), (2, 4), (3, 5), (4, 5))


def test_four_vertices_on_the_input_all_feed_the_output():
    edges = SPACE.parse("gin~0|cheb~0|sage~0|arma~0").member(0).edges
    assert edges == ((0, 1), (0, 2), (0, 3), (0, 4), (1, 5), (2, 5), (3, 5), (4, 5))


@pytest.mark.parametrize(
    "text",
    ["gcn~0|gat~1|fc~2", "gcn~0|gat~1|fc~2|fc~3|fc~3", "gcn|gat~1|fc~2|fc~3", "gcn~0|" * 4],
)
def test_a_malformed_string_is_refused_with_the_form(text):
    with pytest.raises(InvalidCellError, match=r"is not of the form 'OPERATOR~0\|OPERATOR~1\|"):
        SPACE.parse(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("gcn~1|gat~1|fc~2|fc~3", "vertex 1 takes its input from 1; allowed are 0 to 0"),
        ("gcn~0|gat~3|fc~2|fc~3", "vertex 2 takes its input from 3; allowed are 0 to 1"),
        ("skip~0|skip~1|skip~1|skip~3", "an architecture is more than four skips"),
    ],
)
def test_a_cell_outside_of_the_space_is_refused_with_the_rule(text, rule):
    with pytest.raises(InvalidCellError, match=rule):
        SPACE.parse(text)


def test_an_unknown_operator_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'chebb' \(did you mean 'cheb'\?\)"):
        SPACE.parse("gcn~0|chebb~1|fc~2|fc~3")


GCN = "graph_convolution"
CHAIN = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5))


@pytest.mark.parametrize(
    ("inner", "edges"),
    [
        ((GCN,) * 3, CHAIN[:-1]),
        ((GCN, GCN, GCN, "zero"), CHAIN),
        ((GCN,) * 4, CHAIN[:-1]),
        ((GCN,) * 4, ((0, 1), (0, 2), *CHAIN[1:])),
        (("identity",) * 4, CHAIN),
        ((GCN,) * 4, ((0, 5),)),
    ],
    ids=["three", "another operator", "no output", "two inputs", "skips", "no inputs"],
)
def test_a_cell_of_another_space_is_not_formatted(inner, edges):
    with pytest.raises(InvalidCellError):
        SPACE.format(of_cells(Cell(("input", *inner, "output"), edges)))


# Keys


def test_a_key_spells_the_tree_and_the_operators():
    # Links [0, 1, 2, 2] are number 7 of the list; fc 7, gat 0, gcn 1, graph 6.
    assert key("fc~0|gat~1|gcn~2|graph~2") == 77016


def test_the_order_of_two_vertices_does_not_change_the_key():
    # The first is METADATA's example. The order that METADATA gives as the same feeds fc from
    # cheb, not from gin, and has another key in the package too.
    assert key("gcn~0|gin~1|fc~2|cheb~1") == key("gcn~0|gin~1|cheb~1|fc~2") == 61237
    assert key("gcn~0|cheb~1|gin~1|fc~2") == 61327


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("gcn~0|skip~1|fc~2|gat~3", "skip~0|gcn~1|fc~2|gat~3"),  # a skip in a chain
        ("gcn~0|fc~1|gat~2|skip~3", "skip~0|gcn~1|fc~2|gat~3"),  # a skip as the only leaf
        ("skip~0|gcn~0|fc~2|gat~3", "skip~0|gcn~1|fc~2|gat~3"),  # a skip of the input itself
    ],
)
def test_a_skip_that_changes_nothing_may_stand_anywhere(text, same):
    assert key(text) == key(same)


def test_a_skip_that_adds_its_input_to_the_output_stays():
    assert key("gcn~0|fc~1|skip~1|gat~2") != key("skip~0|gcn~1|fc~2|gat~3")


@given(st.data())
def test_a_key_does_not_see_the_order_of_the_vertices(data):
    cell = data.draw(strategies.nasbench_graph_cells())
    assert key_of(data.draw(strategies.relabelled(cell))) == key_of(cell)


@given(strategies.nasbench_graph_cells())
def test_the_cell_that_a_key_spells_has_that_key(cell):
    spelled = cells_of_keys(np.array([key_of(cell)])).cell(0)
    assert key_of(spelled) == key_of(cell)


@needs_package
@given(strategies.nasbench_graph_cells())
def test_a_key_is_the_hash_of_the_package(cell):
    package = pytest.importorskip("nas_bench_graph")
    vertices = [vertex.split("~") for vertex in SPACE.format(of_cells(cell))[0].split("|")]
    links, operators = [int(source) for _, source in vertices], [name for name, _ in vertices]
    assert key_of(cell) == package.Arch(links, operators).valid_hash()


@given(strategies.nasbench_graph_cells())
def test_every_cell_stands_for_an_enumerated_one(enumerated, cell):
    cells, keys = enumerated
    row = int(np.searchsorted(keys, key_of(cell)))
    assert key_of(cells.cell(row)) == key_of(cell)


@pytest.fixture(scope="module")
def enumerated():
    return SPACE.enumerate().cells, all_keys()


def test_the_published_26206_networks_are_enumerated_in_order_of_their_key(enumerated):
    cells, keys = enumerated
    assert len(cells) == len(keys) == 26206
    assert (keys[:-1] < keys[1:]).all()
    assert keys_of(cells[::97]) == keys[::97].tolist()


# The benchmark


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory) -> Benchmark:
    path = tmp_path_factory.mktemp("graph") / "nasbench_graph.arrow"
    script("build_benchmark")(benchmark="nasbench_graph", sources=[], table=path)
    return open_benchmark(path)


def records_of(path: Path) -> dict[int, dict[str, float]]:
    """Read a file of the installed package, without the checks that take seconds."""
    return pickle.loads(path.read_bytes())  # noqa: S301


def column(benchmark: Benchmark, name: str) -> np.ndarray:
    return benchmark.table.column(name).to_numpy()


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(reader, "find_spec", lambda name: None)
    with pytest.raises(ResourceError, match="nas-bench-graph is not installed"):
        reader.data_folder()


@needs_package
def test_every_network_has_one_row(benchmark, enumerated):
    cells, _ = enumerated
    assert len(set(benchmark.strings)) == len(benchmark) == 26206
    assert np.array_equal(benchmark.architectures.cells.operators, cells.operators)
    assert np.array_equal(benchmark.architectures.cells.edges, cells.edges)


@needs_package
@pytest.mark.parametrize("dataset", reader.MEASURES)
def test_a_row_holds_the_record_of_its_key(benchmark, enumerated, dataset):
    records = records_of(reader.data_folder() / f"{dataset}.bench")
    tests = column(benchmark, f"{reader.MEASURES[dataset]}/{dataset}/test/unstated")
    expected = [
        records[k]["perf"] * 100 if k in records else np.nan for k in enumerated[1].tolist()
    ]
    assert np.array_equal(tests, expected, equal_nan=True)
    assert 0 < np.nanmin(tests) < np.nanmax(tests) < 100


@needs_package
def test_all_is_known_but_for_operators_that_proteins_lacks(benchmark):
    names = [name for name in benchmark.table.column_names if "/" in name]
    unknown = {name: int(np.isnan(column(benchmark, name)).sum()) for name in names}
    assert {name for name in names if unknown[name]} == {n for n in names if "/proteins" in n}
    assert {unknown[name] for name in names} == {0, 26206 - 2021}


@needs_package
@pytest.mark.parametrize("dataset", [name for name in reader.MEASURES if name != "physics"])
def test_parameters_are_a_linear_function_of_operators_and_leaves(benchmark, dataset):
    """Skips that hand on the raw input leave it at its own width, so those vertices count apart."""
    codes, adjacency = (
        benchmark.architectures.cells.operators,
        benchmark.architectures.cells.adjacency(),
    )
    skip = codes == reader.CODES["identity"]
    wide, raw = np.zeros(codes.shape, dtype=bool), np.zeros(codes.shape, dtype=bool)
    raw[:, 0] = True
    for vertex in range(1, 5):
        wide[:, vertex] = (raw & adjacency[:, :, vertex]).any(axis=1)
        raw[:, vertex] = wide[:, vertex] & skip[:, vertex]
    counts = [
        ((codes == code) & (wide == side)).sum(axis=1)
        for code in SPACE.operators.values()
        for side in (False, True)
    ]
    leaves = [(adjacency[:, 1:5, 5] & (raw[:, 1:5] == side)).sum(axis=1) for side in (False, True)]
    known = column(benchmark, f"parameters/{dataset}")
    rows = ~np.isnan(known)
    design = np.column_stack([*counts, *leaves, np.ones(len(codes))])[rows]
    fitted = design @ np.linalg.lstsq(design, known[rows], rcond=None)[0]
    assert np.abs(fitted - known[rows]).max() < 0.01


@needs_package
def test_the_best_network_on_cora_is_that_of_the_file(benchmark):
    accuracy = column(benchmark, "accuracy/cora/test/unstated")
    assert benchmark.strings[accuracy.argmax()] == "fc~0|gat~1|gcn~2|graph~2"
    assert accuracy.max() == pytest.approx(83.1333, abs=5e-5)


@needs_package
def test_validation_performances_are_means_of_three_values_of_three_decimals(benchmark):
    for dataset, measure in reader.MEASURES.items():
        thirds = column(benchmark, f"{measure}/{dataset}/validation/unstated") * 30
        assert np.nanmax(np.abs(thirds - np.rint(thirds))) < 1e-9


@needs_package
def test_a_file_that_lacks_a_key_is_refused(tmp_path, monkeypatch):
    folder = shutil.copytree(reader.data_folder(), tmp_path / "light")
    records = records_of(folder / "cora.bench")
    del records[77016]
    (folder / "cora.bench").write_bytes(pickle.dumps(records))
    monkeypatch.setattr(reader, "data_folder", lambda: folder)
    with pytest.raises(CorruptTableError, match=r"1 key is in .* alone, first 77016"):
        reader.build()
