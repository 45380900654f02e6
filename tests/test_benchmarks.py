"""Benchmarks against the facts of the mirror's README, and their files."""

import json
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import script
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from tgnas.benchmarks import base
from tgnas.benchmarks import nasbench101 as reader101
from tgnas.benchmarks import nasbench201 as reader201
from tgnas.benchmarks import nasbench201_12_epochs as reader12
from tgnas.benchmarks import nasbench301 as reader301
from tgnas.benchmarks.base import (
    Benchmark,
    build_table,
    open_benchmark,
    write_table,
)
from tgnas.costs.layers import count_flops
from tgnas.encodings.live import live_pattern
from tgnas.errors import CorruptTableError, UnknownNameError
from tgnas.resources.seals import write_parquet
from tgnas.resources.unpickle import load_frame_columns
from tgnas.scoring.tables import read_scores, write_scores
from tgnas.spaces import darts
from tgnas.spaces import nasbench101 as space101
from tgnas.spaces import nasbench201 as space201
from tgnas.spaces.architectures import Architectures

FINAL = {"dataset": "cifar10", "split": "test", "epochs": 108}
LABELS = FINAL | {"epochs": 200}


# NAS-Bench-101


def test_nasbench101_has_423624_cells_of_the_published_sizes(nasbench101):
    sizes = {2: 1, 3: 6, 4: 84, 5: 2441, 6: 62010, 7: 359082}
    assert Counter(nasbench101.architectures.cells.sizes.tolist()) == sizes
    assert len(nasbench101) == sum(sizes.values()) == 423624


def test_the_best_nasbench101_cell_is_the_published_one(nasbench101):
    accuracy = nasbench101.accuracy(**FINAL)
    assert accuracy.max() == pytest.approx(94.3176, abs=5e-5)
    assert nasbench101.strings[accuracy.argmax()].startswith("02e5a024")


def test_nasbench101_accuracies_are_means_of_three_runs_on_9984_images(nasbench101):
    accuracy = nasbench101.accuracy(**FINAL)
    images = accuracy / 100 * 29952
    assert accuracy.mean() == pytest.approx(89.680, abs=5e-4)
    assert np.abs(images - np.rint(images)).max() < 2e-3


def test_nasbench101_stands_in_ascending_order_of_the_hash(nasbench101):
    hashes = np.array(nasbench101.strings)
    assert (hashes[:-1] < hashes[1:]).all()


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 7])
def test_every_hash_is_that_of_its_cell(nasbench101, size):
    rows = np.flatnonzero(nasbench101.architectures.cells.sizes == size)[:200]
    cells = nasbench101.architectures.cells[rows].padded(size)
    hashes = np.array(nasbench101.strings)[rows]
    assert np.array_equal(space101.module_hashes(cells), hashes)


@pytest.mark.parametrize(("name", "rows"), [("vis_10k", 10000), ("vis_20k", 20001)])
def test_nasbench_vis_agrees_on_hash_order_and_parameters(nasbench101, resource_file, name, rows):
    other = json.loads(resource_file(f"nasbench101/{name}.json").read_text())
    hashes = nasbench101.strings
    first = hashes.index(other["key"][0])  # its rows are consecutive ones of the official file
    parameters = nasbench101.cost("parameters", dataset="cifar10")[first : first + rows]
    assert hashes[first : first + rows] == other["key"]
    assert parameters.tolist() == other["trainable_parameters"]


@pytest.fixture
def first_rows(nasbench101, resource_file, monkeypatch):
    """Show the reader the first 1,000 cells and rows alone; the rows may be edited."""
    names = {"accuracy": "accuracies", "params": "params"}
    files = {key: resource_file(f"nasbench101/{name}.pkl.gz") for key, name in names.items()}
    rows = {k: load_frame_columns(f.read_bytes())[k][:1000].copy() for k, f in files.items()}
    cells, hashes = nasbench101.architectures.cells[:1000], np.array(nasbench101.strings[:1000])
    monkeypatch.setattr(reader101, "load_frame_columns", lambda content: rows)
    monkeypatch.setattr(reader101, "enumerate_cells", lambda processes: (cells, hashes))
    return rows


def build_first_rows() -> pa.Table:
    return reader101.build([Path(__file__), Path(__file__)])


def test_rows_that_fit_their_cells_are_accepted(first_rows, nasbench101):
    built = Benchmark("first rows", build_first_rows())
    assert built.table.to_pydict() == nasbench101.table.slice(0, 1000).to_pydict()


def test_two_swapped_parameter_rows_are_refused(first_rows):
    first_rows["params"][[3, 500]] = first_rows["params"][[500, 3]]
    with pytest.raises(CorruptTableError, match="not of the cells: 2 rows, first row 3"):
        build_first_rows()


def test_a_parameter_file_that_lacks_a_row_is_refused(first_rows):
    first_rows["params"] = first_rows["params"][:-1]
    with pytest.raises(CorruptTableError, match="999; there are 1,000 cells"):
        build_first_rows()


# NAS-Bench-201


@pytest.mark.parametrize(
    ("dataset", "percent", "index"),
    [("cifar10", 94.3733, 6111), ("cifar100", 73.5133, 9930), ("ImageNet16-120", 47.3111, 857)],
)
def test_the_best_nasbench201_architectures_are_the_published_ones(
    nasbench201, dataset, percent, index
):
    accuracy = nasbench201.accuracy(dataset=dataset, split="test", epochs=200)
    assert accuracy.argmax() == index
    assert accuracy[index] == pytest.approx(percent, abs=5e-5)


@pytest.mark.parametrize(
    ("dataset", "percent"),
    [("cifar10-valid", 91.6067), ("cifar100", 73.4933), ("ImageNet16-120", 46.7333)],
)
def test_the_highest_validation_accuracies_are_the_published_ones(nasbench201, dataset, percent):
    accuracy = nasbench201.accuracy(dataset=dataset, split="validation", epochs=200)
    assert accuracy.max() == pytest.approx(percent, abs=5e-5)


@pytest.mark.parametrize("dataset", ["cifar100", "ImageNet16-120"])
def test_two_sources_have_84_percent_of_test_accuracies_in_common(
    nasbench201, resource_file, dataset
):
    other = pd.read_csv(resource_file(f"nasbench201/nasgraph_{dataset}.csv"))["test accuracy"]
    ours = nasbench201.accuracy(dataset=dataset, split="test", epochs=200)
    assert np.isclose(ours, other, rtol=0, atol=1e-6).mean() == pytest.approx(0.84, abs=0.005)


def test_nasbench201_lists_every_cell_of_its_space_once(nasbench201):
    rows = np.unique(nasbench201.architectures.cells.operators, axis=0)
    assert np.array_equal(rows, np.unique(space201.SPACE.enumerate().cells.operators, axis=0))
    assert len(nasbench201) == len(rows) == 15625


def test_every_cell_is_that_of_its_string(nasbench201):
    cells = space201.SPACE.architectures(nasbench201.strings).cells
    assert np.array_equal(cells.operators, nasbench201.architectures.cells.operators)
    assert np.array_equal(cells.edges, nasbench201.architectures.cells.edges)


@pytest.fixture(scope="module")
def zero_cost(resource_file, nasbench201) -> tuple[pd.DataFrame, np.ndarray]:
    """Read NAS-Bench-Suite-Zero's table, and find the benchmark's row of each of its rows."""
    table = pd.read_csv(resource_file("nasbench201/zero_cost_proxies.csv"))
    return table, pd.Index(nasbench201.strings).get_indexer(table["net_str"])


def test_flops_equal_those_of_nas_bench_suite_zero(nasbench201, zero_cost):
    table, rows = zero_cost
    flops = nasbench201.cost("flops", dataset="cifar10")[rows]
    assert flops == pytest.approx(table["flops"].to_numpy(), rel=1e-12)


def test_parameters_equal_those_of_nas_bench_suite_zero(nasbench201, zero_cost):
    table, rows = zero_cost
    millions = nasbench201.cost("parameters", dataset="cifar10")[rows] / 1e6
    assert millions == pytest.approx(table["params"].to_numpy(), rel=1e-12)


def test_nas_bench_suite_zero_has_one_architecture_of_each_live_pattern(nasbench201, zero_cost):
    pattern = live_pattern(nasbench201.architectures)
    first, theirs = pattern.distinct()[0], pattern[zero_cost[1]].distinct()[0]
    assert len(first) == len(theirs) == len(zero_cost[0]) == 9445


@pytest.fixture
def nasbench201_files(resource_file) -> list[Path]:
    """Fetch the reader's argument."""
    return [resource_file(name) for name in reader201.SOURCES]


def swapped(path: Path, column: str, folder: Path) -> Path:
    """Write the same CSV with two unlike rows of one column swapped."""
    table = pd.read_csv(path)
    other = table.index[table[column] != table.loc[0, column]][0]
    table.loc[[0, other], column] = table.loc[[other, 0], column].to_numpy()
    table.to_csv(folder / path.name, index=False)
    return folder / path.name


def test_files_that_list_other_architectures_are_refused(nasbench201_files, tmp_path):
    files = nasbench201_files
    files[7] = swapped(files[7], "arch str", tmp_path)
    with pytest.raises(CorruptTableError, match="lists other architectures than"):
        reader201.build(files)


def test_parameters_of_other_architectures_are_refused(nasbench201_files, tmp_path):
    files = nasbench201_files
    files[3] = swapped(files[3], "params", tmp_path)
    with pytest.raises(CorruptTableError, match="counts disagree with the architectures"):
        reader201.build(files)


# NAS-Bench-201 after 12 epochs


@pytest.fixture(scope="module")
def short_files(resource_file) -> list[Path]:
    """Fetch the reader's argument."""
    return [resource_file(name) for name in reader12.SOURCES]


@pytest.fixture(scope="module")
def after_12_epochs(short_files) -> Benchmark:
    """Build the benchmark."""
    return Benchmark("nasbench201_12_epochs", reader12.build(short_files))


def test_the_benchmark_of_12_epochs_has_all_of_nasbench201(after_12_epochs, nasbench201):
    columns = nasbench201.table.column_names
    assert after_12_epochs.table.select(columns).equals(nasbench201.table)


@pytest.mark.parametrize(("dataset", "validated"), reader201.VALIDATED.items())
def test_accuracies_after_12_epochs_are_lower_and_rank_alike(after_12_epochs, dataset, validated):
    about = {"dataset": validated, "split": "validation"}
    short, whole = (after_12_epochs.accuracy(epochs=e, **about) for e in (12, 200))
    tested = after_12_epochs.accuracy(dataset=dataset, split="test", epochs=12)
    assert 5 < short.mean() < whole.mean() - 10
    assert 0.63 < kendalltau(short, whole).statistic < 0.66
    assert kendalltau(short, tested).statistic > 0.84  # of the same networks, but for CIFAR-10


def test_test_accuracies_after_12_epochs_count_10000_images(after_12_epochs):
    tested = 100 * after_12_epochs.accuracy(dataset="cifar10", split="test", epochs=12)
    np.testing.assert_allclose(tested, np.rint(tested), atol=1e-6)


def test_12_epochs_of_other_architectures_are_refused(short_files, tmp_path):
    other = tmp_path / "other.pd"
    one, two = b"|none~0|+|none~0|none~1|", b"|none~0|+|none~0|none~2|"
    other.write_bytes(short_files[-1].read_bytes().replace(one, two, 1))
    with pytest.raises(CorruptTableError, match=r"other\.pd lists other architectures than"):
        reader12.build([*short_files[:-1], other])


# NAS-Bench-301

COMMITS = ("6639fd15", "22280f71")
SURROGATE = {"dataset": "cifar10", "split": "surrogate", "epochs": 100}


@pytest.fixture(scope="module")
def nasbench301_files(resource_file) -> list[Path]:
    """Fetch the reader's argument."""
    return [resource_file(f"nasbench301/naslib_{commit}.json") for commit in COMMITS]


@pytest.fixture(scope="module")
def nasbench301(nasbench301_files, tmp_path_factory) -> Benchmark:
    """Build and open NAS-Bench-301, as the workflow does."""
    path = tmp_path_factory.mktemp("nasbench301") / "nasbench301.arrow"
    script("build_benchmark")(benchmark="nasbench301", sources=nasbench301_files, table=path)
    return open_benchmark(path)


def entries_of(file: Path) -> dict[str, dict]:
    content = json.loads(file.read_text())
    return content.get("nasbench301", content)["cifar10"]


def first_of(file: Path, number: int = 20) -> dict[str, dict]:
    return dict(islice(entries_of(file).items(), number))


def test_nasbench301_has_1218_distinct_genotypes_in_two_files(nasbench301, nasbench301_files):
    # 725 and 500, of which both have 7.
    assert [len(entries_of(file)) for file in nasbench301_files] == [725, 500]
    assert len(nasbench301) == len(set(nasbench301.strings)) == 1218


def test_flops_of_every_genotype_are_those_that_were_published(nasbench301):
    published = nasbench301.cost("flops", dataset="cifar10")
    assert np.array_equal(count_flops(nasbench301.architectures, 10, 32), published)


def test_every_pair_of_cells_is_that_of_its_genotype(nasbench301):
    cells = darts.SPACE.architectures(nasbench301.strings).cells
    assert np.array_equal(cells.operators, nasbench301.architectures.cells.operators)
    assert np.array_equal(cells.edges, nasbench301.architectures.cells.edges)
    weights = nasbench301.architectures.cell_weights
    assert weights == darts.SPACE.cell_weights == (0.75, 0.25)
    assert nasbench301.space is darts.SPACE


def test_the_numbers_of_a_genotype_are_those_of_its_entry(nasbench301, nasbench301_files):
    # The first entry of the first file, spelled by hand in the operator order of the mirror.
    key, entry = next(iter(entries_of(nasbench301_files[0]).items()))
    assert key.startswith("[[(0, 0), (1, 5), (1, 1), (0, 1), (1, 3), (0, 3), (1, 3), (3, 2)], [(1")
    assert nasbench301.strings[0].startswith(
        "Genotype(normal=[('max_pool_3x3', 0), ('dil_conv_3x3', 1), ('avg_pool_3x3', 1), "
        "('avg_pool_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
        "('skip_connect', 3)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 1), "
    )
    assert nasbench301.accuracy(**SURROGATE)[0] == entry["val_accuracy"]
    assert nasbench301.cost("flops", dataset="cifar10")[0] == entry["flops"]["score"]
    assert nasbench301.table.column("proxy/synflow")[0].as_py() == entry["synflow"]["score"]


def test_surrogate_accuracies_are_percents_of_networks_of_that_size(nasbench301):
    accuracy = nasbench301.accuracy(**SURROGATE)
    parameters = nasbench301.cost("parameters", dataset="cifar10")
    assert (accuracy.min().round(2), accuracy.max().round(2)) == (90.73, 94.49)
    assert (parameters.min(), parameters.max()) == (566890, 1325354)


def test_the_first_file_decides_and_a_proxy_that_it_lacks_is_unknown(
    nasbench301, nasbench301_files
):
    forwards, backwards = (
        table.to_pandas().set_index("architecture")
        for table in (nasbench301.table, reader301.build(nasbench301_files[::-1]))
    )
    both = forwards.index[:725].intersection(backwards.index[:500])
    column = "accuracy/cifar10/surrogate/100"
    apart = (forwards.loc[both, column] - backwards.loc[both, column]).abs()
    assert len(both) == 7
    assert 0 < apart.min() < apart.max() < 0.18
    assert forwards["proxy/nwot"].isna().sum() == 1218 - 725
    assert backwards["proxy/nwot"].isna().sum() == 500


def test_a_value_that_is_not_finite_is_unknown(nasbench301_files, tmp_path):
    entries = first_of(nasbench301_files[0])
    first = next(iter(entries.values()))
    first["snip"]["score"], first["grasp"]["score"] = float("inf"), None
    (tmp_path / "edited.json").write_text(json.dumps({"cifar10": entries}))
    row = reader301.build([tmp_path / "edited.json"]).slice(0, 1).to_pandas().loc[0]
    assert row[["proxy/snip", "proxy/grasp"]].isna().all()


def test_genotypes_that_are_read_wrongly_are_refused(nasbench301_files, tmp_path):
    entries = first_of(nasbench301_files[0])
    first = next(iter(entries.values()))
    first["params"]["score"] += 0.01
    (tmp_path / "edited.json").write_text(json.dumps({"cifar10": entries}))
    with pytest.raises(
        CorruptTableError, match="other parameter counts than those of the networks: "
    ):
        reader301.build([tmp_path / "edited.json"])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cifar10": {"[[(0, 9)], []]": {}}}'])
def test_a_file_that_is_not_naslibs_is_refused(tmp_path, text):
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(
        CorruptTableError, match=r"other\.json is not NASLib's file of NAS-Bench-301"
    ):
        reader301.build([tmp_path / "other.json"])


# Every benchmark


@pytest.mark.parametrize("name", ["nasbench101", "nasbench201"])
def test_a_benchmark_opens_in_less_than_100_mb(benchmark_tables, name):
    code = f"""
import psutil
from pathlib import Path
from tgnas.benchmarks.base import open_benchmark
before = psutil.Process().memory_info().rss
benchmark = open_benchmark(Path({str(benchmark_tables / name)!r} + ".arrow"))
cells = benchmark.architectures.cells
columns = [benchmark._numbers("", c) for c in benchmark.table.column_names
           if "/" in c]
print(sum(c.sum() for c in columns) and psutil.Process().memory_info().rss - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100e6


def test_there_is_no_default_fidelity(nasbench201):
    with pytest.raises(TypeError):
        nasbench201.accuracy(dataset="cifar10", split="test")


@pytest.mark.parametrize(
    "other", [{"dataset": "cifar1O"}, {"split": "validation"}, {"epochs": 12}], ids=str
)
def test_an_unknown_fidelity_is_answered_with_the_known_ones(nasbench201, other):
    with pytest.raises(UnknownNameError, match=r"did you mean .*; known: accuracy/ImageNet16-120/"):
        nasbench201.accuracy(**{**LABELS, **other})


def test_an_unknown_cost_is_refused(nasbench101):
    with pytest.raises(UnknownNameError, match="cost of nasbench101 'flops/cifar10'"):
        nasbench101.cost("flops", dataset="cifar10")


# Files


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> tuple[Benchmark, Path]:
    """Write and open a table of ten architectures."""
    some = space201.SPACE.enumerate()[::1600]
    path = tmp_path_factory.mktemp("small") / "small.arrow"
    columns = {"accuracy/cifar10/test/200": np.linspace(10.0, 94.0, len(some))}
    strings = space201.SPACE.format(some)
    write_table(build_table(space201.SPACE, some, strings, columns), path)
    return open_benchmark(path), path


def test_a_written_table_reads_back_the_same(small):
    cells = space201.SPACE.architectures(small[0].strings).cells
    assert small[0].space is space201.SPACE
    assert np.array_equal(small[0].architectures.cells.operators, cells.operators)
    assert np.array_equal(small[0].architectures.cells.edges, cells.edges)
    assert small[0].accuracy(**LABELS)[[0, -1]].tolist() == [10.0, 94.0]
    assert [path.name for path in small[1].parent.iterdir()] == ["small.arrow"]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> Benchmark:
    """Write and open a table of five architectures of two cells, weights 3/4 and 1/4."""
    two = Architectures(space201.SPACE.enumerate().cells[::1600], (0.75, 0.25))
    path = tmp_path_factory.mktemp("pairs") / "pairs.arrow"
    columns = {"accuracy/cifar10/test/200": np.linspace(10.0, 94.0, 5)}
    write_table(build_table(darts.SPACE, two, list("abcde"), columns), path)
    return open_benchmark(path)


def test_cells_of_one_architecture_stand_next_to_each_other(pairs, small):
    assert len(pairs) == 5
    assert pairs.architectures.cell_weights == (0.75, 0.25)
    assert np.array_equal(
        pairs.architectures.cells.operators, small[0].architectures.cells.operators
    )
    assert np.array_equal(pairs.architectures.cells.edges, small[0].architectures.cells.edges)


def test_an_architectures_value_is_the_mean_of_its_cells_by_weight(pairs):
    values = np.array([[4.0, 8, 0, 4, 1, 1, 0, 0, -4, 4], [0.0] * 9 + [8]])
    expected = [[5, 1, 1, 0, -2], [0, 0, 0, 0, 2]]
    assert pairs.architectures.mean_over_cells(values).tolist() == expected
    assert pairs.architectures.mean_over_cells(values[0]).tolist() == expected[0]


def test_the_value_of_an_architecture_of_one_cell_is_its_cells(small):
    values = np.random.default_rng(0).normal(size=(3, 10)).astype(np.float32)
    assert np.array_equal(small[0].architectures.mean_over_cells(values), values)


def test_a_file_that_says_no_cell_weights_has_one_cell_in_each_row(small):
    whole = small[0].table.schema.metadata
    metadata = {name: whole[name] for name in (b"operators", b"space")}
    older = Benchmark("older", small[0].table.replace_schema_metadata(metadata))
    assert older.architectures.cell_weights == (1.0,)
    assert np.array_equal(older.architectures.cells.edges, small[0].architectures.cells.edges)


def test_a_file_keeps_its_operators_when_the_vocabulary_grows_at_its_front(small, monkeypatch):
    operators = small[0].architectures.cells.operators
    codes = {"new": 0} | {name: code + 1 for name, code in base.CODES.items()}
    monkeypatch.setattr(base, "CODES", codes)
    shifted = open_benchmark(small[1]).architectures.cells.operators
    assert np.array_equal(shifted, operators + 1)


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_refused(small, tmp_path_factory, share):
    path = tmp_path_factory.mktemp("cut") / "cut.arrow"
    content = small[1].read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CorruptTableError, match="is damaged"):
        open_benchmark(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CorruptTableError, match="absent"):
        open_benchmark(tmp_path / "absent.arrow")


def test_an_arrow_file_of_something_else_is_refused(tmp_path):
    other = pa.table({"architecture": ["a"]})
    write_table(other, tmp_path / "other.arrow")
    with pytest.raises(CorruptTableError, match="is not a benchmark's Arrow file"):
        open_benchmark(tmp_path / "other.arrow")
    write_table(other.replace_schema_metadata({"operators": "[]"}), tmp_path / "other.arrow")
    with pytest.raises(CorruptTableError, match="lacks the columns"):
        open_benchmark(tmp_path / "other.arrow")


def test_an_arrow_file_with_an_operator_that_nobody_knows_is_refused(small, tmp_path):
    table = small[0].table.replace_schema_metadata({"operators": '["input", "tanh"]'})
    write_table(table, tmp_path / "other.arrow")
    with pytest.raises(CorruptTableError, match="operator 'tanh', which is unknown here"):
        open_benchmark(tmp_path / "other.arrow")


@given(scores=st.lists(st.floats(), min_size=20, max_size=20))
def test_written_scores_read_back_the_same(small, tmp_path_factory, scores):
    path = tmp_path_factory.mktemp("scores") / "scores.parquet"
    two_seeds = np.array(scores).reshape(2, 10)
    write_scores(path, small[0], two_seeds)
    assert np.array_equal(read_scores(path, small[0]), two_seeds, equal_nan=True)


def test_scores_of_another_benchmark_are_refused(small, nasbench201, tmp_path):
    write_scores(tmp_path / "scores.parquet", small[0], np.zeros((1, len(small[0]))))
    with pytest.raises(CorruptTableError, match="does not score the architectures of nasbench201"):
        read_scores(tmp_path / "scores.parquet", nasbench201)


def test_a_table_with_other_columns_is_no_score_file(small, tmp_path):
    frame = pd.DataFrame({"architecture": small[0].strings, "score": 0.0})
    write_parquet(tmp_path / "scores.parquet", frame)
    with pytest.raises(CorruptTableError, match="a file of scores has architecture, seed0"):
        read_scores(tmp_path / "scores.parquet", small[0])


def test_a_file_that_holds_no_scores_is_refused(small, tmp_path):
    (tmp_path / "scores.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    with pytest.raises(CorruptTableError, match="is damaged, or no file"):
        read_scores(tmp_path / "scores.parquet", small[0])
