"""TransNAS-Bench-101: its strings, and its tables against raw files and the mirror's facts."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from tgnas.benchmarks import transnas_macro, transnas_micro
from tgnas.benchmarks._transnas import EPOCHS, METRICS
from tgnas.benchmarks.base import Benchmark, open_benchmark, write_table
from tgnas.costs.layers import count_flops, count_parameters
from tgnas.encodings.live import live_pattern
from tgnas.errors import CorruptTableError, InvalidCellError
from tgnas.operators import CODES
from tgnas.spaces.space import open_space

MICRO, MACRO = open_space("transnas_micro"), open_space("transnas_macro")
READERS = {"micro": transnas_micro, "macro": transnas_macro}
BEST = {"micro": 54.94, "macro": 57.48}  # validation top1 of scene classification (mirror's README)
# Kendall's tau of the live convolutions' weights with validation metrics (mirror's README).
COUNTING = {
    "class_scene": 0.656,
    "class_object": 0.496,
    "jigsaw": 0.442,
    "room_layout": 0.316,
    "segmentsemantic": 0.611,
    "normal": 0.676,
    "autoencoder": 0.026,
}


# The spaces


def test_micro_cells_stand_in_ascending_order_of_the_string():
    strings = MICRO.format(MICRO.enumerate())
    digits = ["".join(row) for row in product("0123", repeat=6)]
    assert strings == [f"64-41414-{d[0]}_{d[1:3]}_{d[3:]}" for d in digits]


def test_macro_networks_are_those_with_1_to_3_doublings_and_1_to_4_halvings():
    strings = MACRO.format(MACRO.enumerate())
    rows = ("".join(row) for n in (4, 5, 6) for row in product("1234", repeat=n))
    kept = [
        row
        for row in rows
        if 1 <= sum(map(row.count, "24")) <= 3 and 1 <= sum(map(row.count, "34")) <= 4
    ]
    assert strings == [f"64-{row}-basic" for row in kept]
    assert len(strings) == 3256


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64-1113-basic", "0 blocks of 2, 4; allowed are 1 to 3"),
        ("64-222213-basic", "4 blocks of 2, 4; allowed are 1 to 3"),
        ("64-333332-basic", "5 blocks of 3, 4; allowed are 1 to 4"),
        ("64-423-basic", "3 blocks; allowed are 4 to 6"),
    ],
)
def test_a_macro_network_of_another_kind_is_refused(text, message):
    with pytest.raises(InvalidCellError, match=message):
        MACRO.parse(text)


def test_neighbours_of_a_macro_network_are_one_module_away():
    around = MACRO.format(MACRO.neighbours(MACRO.parse("64-1234-basic")))
    lengths = Counter(len(text) - len("64--basic") for text in around)
    # Other digits at 4 places, and insertions of 4 digits at 5 places without repetitions; of the
    # latter none has too many doublings or halvings.
    assert lengths == {4: 12, 5: 16}


# Costs


def parameters_of_micro(text: str, classes: int) -> int:
    """Count the weights of the authors' network by hand: BN has 2 per channel, convs no bias."""
    digits = text.removeprefix("64-41414-").replace("_", "")
    sources = (0, 0, 1, 0, 1, 2)
    total, width = 27 * 32 + 2 * 32 + 9 * 32 * 64 + 2 * 64, 64
    for module in "41414":
        out = width * 2 if module == "4" else width
        for stride in (2 if module == "4" else 1, 1):
            for digit, source in zip(digits, sources, strict=True):
                into, strided = (width, stride) if source == 0 else (out, 1)
                identity = strided == 1 and into == out
                kernel = {"0": 0, "1": 0 if identity else 1, "2": 1, "3": 3}[digit]
                total += kernel**2 * into * out + (2 * out if kernel else 0)
            width = out
    return total + (width + 1) * classes


def parameters_of_macro(text: str, classes: int) -> int:
    """Count the weights of the authors' network by hand."""
    total, width = 27 * 32 + 2 * 32 + 9 * 32 * 64 + 2 * 64, 64
    for digit in text.split("-")[1]:
        out = width * 2 if digit in "24" else width
        total += 9 * width * out + 3 * 9 * out * out + 4 * 2 * out
        total += width * out + 2 * out if digit != "1" else 0
        width = out
    return total + (width + 1) * classes


@pytest.mark.parametrize(
    ("space", "by_hand"), [(MICRO, parameters_of_micro), (MACRO, parameters_of_macro)]
)
def test_parameters_are_those_of_the_authors_networks(space, by_hand):
    some = space.sample(300, np.random.default_rng(0))
    counted = [by_hand(text, 47) for text in space.format(some)]
    assert count_parameters(some, 47).tolist() == counted


def test_flops_of_one_network_of_each_space_are_those_counted_by_hand():
    stem = 27 * 32 * 128**2 + 9 * 32 * 64 * 64**2
    # 64-41414-0_00_003 convolves the zeros of node 2 in each of ten cells.
    micro = stem + 512 * 47
    micro += 9 * (2 * 128**2 * 32**2 + 2 * 128**2 * 32**2)
    micro += 9 * (2 * 256**2 * 16**2 + 2 * 256**2 * 16**2 + 2 * 512**2 * 8**2)
    cell = MICRO.parse("64-41414-0_00_003")
    assert count_flops(cell, 47, 256)[0] == pytest.approx(micro / 1e6)
    # 64-1131-basic halves once; 64-2...: the third module has a 1x1 convolution beside its first.
    macro = stem + 2 * 36 * 64**2 * 64**2 + (36 + 1) * 64**2 * 32**2
    macro += (9 * 64 * 128 + 27 * 128**2 + 64 * 128) * 32**2 + 128 * 47
    network = MACRO.parse("64-1132-basic")
    assert count_flops(network, 47, 256)[0] == pytest.approx(macro / 1e6)


# The benchmark


@pytest.fixture(scope="module", params=READERS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def files(kind, resource_file) -> list[Path]:
    return [resource_file(name) for name in READERS[kind].SOURCES]


@pytest.fixture(scope="module")
def benchmark(kind, files, tmp_path_factory) -> Benchmark:
    path = tmp_path_factory.mktemp("transnas") / f"transnas_{kind}.arrow"
    write_table(READERS[kind].build(files), path)
    return open_benchmark(path)


def raw(file: Path, kind: str) -> pd.DataFrame:
    """Return the rows of a CSV file that are of a space."""
    table = pd.read_csv(file)
    return table[:3256] if kind == "macro" else table[3256:]


def test_every_architecture_has_one_row_and_reads_back_as_itself(benchmark, kind):
    space = open_space(f"transnas_{kind}")
    assert sorted(benchmark.strings) == sorted(space.format(space.enumerate()))
    assert benchmark.space.format(benchmark.architectures) == benchmark.strings


@pytest.mark.parametrize("place", range(7))
def test_metrics_are_those_of_the_raw_files(benchmark, files, kind, place):
    task, metric = list(METRICS.items())[place]
    rows, named = raw(files[place], kind), dict(json.loads(files[7 + place].read_text()))
    for split, prefix in (("validation", "valid"), ("test", "test")):
        values = benchmark.accuracy(dataset=task, split=split, epochs=EPOCHS)
        assert values.tolist() == rows[f"{prefix}_{metric}"].tolist()
    found = benchmark.accuracy(dataset=task, split="validation", epochs=EPOCHS)
    by_name = dict(zip(benchmark.strings, found.tolist(), strict=True))
    assert len(by_name) - len(named) == (1 if kind == "macro" else 0)
    assert {name: by_name[name] for name in named} == named


def test_the_best_scene_classifiers_are_the_published_ones(benchmark, kind):
    best = benchmark.accuracy(dataset="class_scene", split="validation", epochs=EPOCHS).max()
    assert best == pytest.approx(BEST[kind], abs=5e-3)


def test_live_weights_of_a_cell_rank_as_the_facts_say(resource_file):
    files = [resource_file(name) for name in transnas_micro.SOURCES]
    benchmark = Benchmark("transnas_micro", transnas_micro.build(files))
    operators = live_pattern(benchmark.architectures).cells.operators
    count = (operators == CODES["conv_1x1"]) + 9 * (operators == CODES["conv_3x3"])
    for task, tau in COUNTING.items():
        metric = benchmark.accuracy(dataset=task, split="validation", epochs=EPOCHS)
        assert kendalltau(count.sum(axis=1), metric)[0] == pytest.approx(tau, abs=5e-4)


@pytest.fixture
def edited(files, tmp_path) -> Callable[..., list[Path]]:
    """Return a function that returns the files, with a JSON file's list changed."""

    def write(place: int, change: Callable[[list], list]) -> list[Path]:
        path = files[7 + place]
        copy = tmp_path / path.name
        copy.write_text(json.dumps(change(json.loads(path.read_text()))))
        return [*files[: 7 + place], copy, *files[8 + place :]]

    return write


def test_a_value_of_another_row_is_refused(edited, kind):
    def swapped(pairs: list) -> list:
        pairs[40][1], pairs[90][1] = pairs[90][1], pairs[40][1]
        return pairs

    found = "is missing, and 0 rows" if kind == "macro" else "class_object of .* in row 40"
    with pytest.raises(CorruptTableError, match=found):
        READERS[kind].build(edited(1, swapped))


def test_files_of_different_architectures_are_refused(edited, kind):
    with pytest.raises(CorruptTableError, match="lists other architectures than"):
        READERS[kind].build(edited(3, lambda pairs: pairs[1:]))


def test_names_of_the_other_space_are_refused(kind, files, resource_file):
    other = {"micro": "macro", "macro": "micro"}[kind]
    swapped = [resource_file(name) for name in READERS[other].SOURCES[7:]]
    with pytest.raises(CorruptTableError, match=r"are missing, and .* are none of it"):
        READERS[kind].build([*files[:7], *swapped])
