"""NAS-Bench-Macro: its strings, and its file against the facts of the mirror's README."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from conftest import script

from tgnas.benchmarks import nasbench_macro as reader
from tgnas.benchmarks.base import Benchmark, open_benchmark
from tgnas.cell import Cell
from tgnas.encodings.canonical import canonical_hashes, canonicalise
from tgnas.errors import CorruptTableError, InvalidCellError, UnknownNameError
from tgnas.spaces.architectures import of_cells
from tgnas.spaces.nasbench_macro import SPACE

LABELS = {"dataset": "cifar10", "split": "test", "epochs": 50}
# From xiusu/NAS-Bench-Macro, train/model.py: expansion and kernel size of each digit's block.
BLOCKS = {"1": (3, 3), "2": (6, 5)}
STAGES = ((0, 2), (2, 5), (5, 8))


# The space


def test_a_block_hears_the_sum_of_its_stage():
    cell = SPACE.parse("00000012").member(0)
    last = ("inverted_residual_3x3_expansion_3", "inverted_residual_5x5_expansion_6")
    left_out = ("identity", "zero", "identity", "zero", "zero", "identity")
    assert cell.operators == ("input", *left_out, *last, "output")
    heard = {j: [i for i, target in cell.edges if target == j] for j in range(1, 10)}
    assert heard == {
        1: [0], 2: [1], 3: [1, 2], 4: [3], 5: [3, 4], 6: [3, 4, 5], 7: [6], 8: [6, 7], 9: [6, 7, 8],
    }  # fmt: skip


def test_strings_of_one_network_have_one_canonical_graph():
    every, graphs = SPACE.enumerate(), defaultdict(set)
    hashes = canonical_hashes(canonicalise(every.cells))
    for text, graph in zip(SPACE.format(every), hashes, strict=True):
        graphs[network_of(text)].add(graph)
    assert len(graphs) == 3969
    assert all(len(found) == 1 for found in graphs.values())


def test_the_space_has_6561_distinct_cells_in_ascending_order_of_the_string():
    strings = SPACE.format(SPACE.enumerate())
    assert strings == sorted(set(strings))
    assert (len(strings), strings[0], strings[-1]) == (3**8, "0" * 8, "2" * 8)


@pytest.mark.parametrize("text", ["2221222", "222122200"])
def test_a_string_of_another_length_is_refused(text):
    with pytest.raises(InvalidCellError, match=f"{len(text)} blocks; allowed are 8"):
        SPACE.parse(text)


def test_an_empty_string_is_no_architecture():
    with pytest.raises(InvalidCellError, match="nasbench_macro: there is no architecture"):
        SPACE.parse("")


@pytest.mark.parametrize("text", ["22212223", "2221222²"])
def test_an_unknown_operator_is_refused_with_the_known_ones(text):
    with pytest.raises(UnknownNameError, match=f"{text[-1]!r}.*known: 0, 1, 2"):
        SPACE.parse(text)


@pytest.mark.parametrize("inner", [("identity",) * 7, ("zero",) * 8])
def test_a_cell_of_another_space_is_not_formatted(inner):
    edges = SPACE.parse("0" * 8).member(0).edges if len(inner) == 8 else ((0, 1),)
    with pytest.raises(InvalidCellError, match="a cell is not in this search space"):
        SPACE.format(of_cells(Cell(("input", *inner, "output"), edges)))


# The benchmark


@pytest.fixture(scope="module")
def source(resource_file) -> Path:
    return resource_file("nasbench_macro/cifar10.json")


@pytest.fixture(scope="module")
def benchmark(source, tmp_path_factory) -> Benchmark:
    path = tmp_path_factory.mktemp("macro") / "nasbench_macro.arrow"
    script("build_benchmark")(benchmark="nasbench_macro", sources=[source], table=path)
    return open_benchmark(path)


def network_of(architecture: str) -> str:
    """Return the string of the network that is trained: true identities stand last in a stage."""
    stages = [architecture[start:stop] for start, stop in STAGES]
    return "".join(s[0] + s[1:].replace("0", "") + "0" * s[1:].count("0") for s in stages)


def parameters_of(architecture: str) -> int:
    """Count the weights of the authors' network by hand: BN has 2 per channel, convs no bias."""
    total, channels = 3 * 32 * 9 + 2 * 32, 32
    for start, stop in STAGES:
        for block in range(start, stop):
            out = channels * 2 if block == start else channels
            if architecture[block] != "0":
                expansion, kernel = BLOCKS[architecture[block]]
                hidden = channels * expansion
                total += channels * hidden + hidden * kernel**2 + hidden * out
                total += 2 * (hidden + hidden + out)
            elif block == start:
                total += channels * out + 2 * out
            channels = out
    return total + channels * 1280 + 2 * 1280 + 1280 * 10 + 10


def test_every_member_of_the_space_has_one_row_in_ascending_order(benchmark):
    cells = SPACE.enumerate().cells
    assert len(benchmark) == 6561
    assert benchmark.strings == sorted(set(benchmark.strings))
    assert np.array_equal(benchmark.architectures.cells.operators, cells.operators)
    assert np.array_equal(benchmark.architectures.cells.edges, cells.edges)


def test_the_best_architecture_is_the_published_one(benchmark):
    accuracy = benchmark.accuracy(**LABELS)
    best = np.flatnonzero(accuracy == accuracy.max())
    # Two strings of one network: the identity of the last stage stands second or last.
    assert [benchmark.strings[row] for row in best] == ["22212202", "22212220"]
    assert accuracy.max() == pytest.approx(93.13, abs=5e-3)


def test_accuracies_are_the_means_of_three_trainings(benchmark, source):
    records = json.loads(source.read_text())
    three = np.array([records[text]["test_acc"] for text in benchmark.strings])
    assert three.shape == (6561, 3)
    assert benchmark.accuracy(**LABELS) == pytest.approx(three.sum(axis=1) / 3)


def test_parameters_are_those_of_the_digits_networks(benchmark):
    counted = [parameters_of(text) for text in benchmark.strings]
    assert benchmark.cost("parameters", dataset="cifar10").tolist() == counted


def test_flops_are_in_millions(benchmark):
    # 00000000 by hand: stem 32x32, three strided 1x1 convolutions, the 1x1 to 1280, the classifier.
    stem, last = 3 * 32 * 9 * 32 * 32, 256 * 1280 * 4 * 4 + 1280 * 10
    strided = 32 * 64 * 16**2 + 64 * 128 * 8**2 + 128 * 256 * 4**2
    flops = benchmark.cost("flops", dataset="cifar10")
    assert flops[0] == pytest.approx((stem + strided + last) / 1e6)


def test_strings_of_one_network_share_one_accuracy(benchmark):
    found = defaultdict(set)
    for text, accuracy in zip(
        benchmark.strings, benchmark.accuracy(**LABELS).tolist(), strict=True
    ):
        found[network_of(text)].add(accuracy)
    assert len(found) == 3969
    assert all(len(accuracies) == 1 for accuracies in found.values())


@pytest.fixture
def edited(source, tmp_path):
    """Return a function that writes the source with one record replaced, or removed."""

    def write(architecture: str, **changes: object) -> Path:
        records = json.loads(source.read_text())
        record = records.pop(architecture)
        if changes:
            records[architecture] = record | changes
        (tmp_path / "edited.json").write_text(json.dumps(records))
        return tmp_path / "edited.json"

    return write


def test_a_mean_that_is_none_of_its_accuracies_is_refused(edited):
    with pytest.raises(CorruptTableError, match=r"of 22212220 is 93\.1267, not 93\.5000"):
        reader.build([edited("22212220", mean_acc=93.5)])


def test_a_file_that_lacks_an_architecture_is_refused(edited):
    with pytest.raises(CorruptTableError, match="lists 6,560 architectures, not the 6,561 of"):
        reader.build([edited("22212220")])
