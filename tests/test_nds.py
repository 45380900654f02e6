"""Network Design Spaces: networks of different width and depth, as the file has them."""

import json

import numpy as np
import pytest
from scipy.stats import kendalltau

from tgnas.benchmarks import nds_darts, nds_enas
from tgnas.benchmarks.base import open_benchmark, write_table
from tgnas.costs.layers import count_flops, count_parameters, layers_of
from tgnas.errors import CorruptTableError
from tgnas.methods.graph_proxies import flops, params

BOTH = [("nds_darts", nds_darts, 121, 0.661), ("nds_enas", nds_enas, 117, 0.621)]
DILATED = (("dil_conv_3x3", 3), ("dil_conv_5x5", 5))


@pytest.fixture(params=BOTH, ids=["darts", "enas"])
def nds(request, resource_file, tmp_path):
    name, module, count, tau = request.param
    file = resource_file(module.SOURCES[0])
    write_table(module.build([file]), tmp_path / f"{name}.arrow")
    return open_benchmark(tmp_path / f"{name}.arrow"), json.loads(file.read_text()), count, tau


def test_parameters_rank_the_best_epoch_as_the_published_ones(nds):
    benchmark, _, count, tau = nds
    assert len(benchmark) == len(set(benchmark.strings)) == count
    best = benchmark.accuracy(dataset="imagenet", split="test", epochs="best")
    found = kendalltau(benchmark.cost("parameters", dataset="imagenet"), best)[0]
    assert found == pytest.approx(tau, abs=5e-4)
    last = benchmark.accuracy(dataset="imagenet", split="test", epochs=50)
    assert (last <= best).all()


def test_every_network_has_as_many_parameters_as_its_file_says(nds):
    benchmark, runs, *_ = nds
    assert count_parameters(benchmark.architectures).tolist() == [run["params"] for run in runs]


def test_flops_are_the_files_but_for_its_counters_error_with_dilation(nds):
    benchmark, runs, *_ = nds
    found = np.rint(count_flops(benchmark.architectures) * 1e6)
    expected = [run["flops"] - too_much(run["net"]) for run in runs]
    assert found.tolist() == expected


def too_much(net) -> int:
    """Return what the authors' counter adds: it takes a dilated kernel for one that is not."""
    width, side, excess = net["width"], 28, 0
    for layer in range(net["depth"]):
        reduces = layer in (net["depth"] // 3, 2 * net["depth"] // 3)
        width, after = width << reduces, side // (2 if reduces else 1)
        for name, source in net["genotype"]["reduce" if reduces else "normal"]:
            strided = reduces and source < 2
            for dilated, kernel in DILATED:
                if name == dilated:
                    before, stride = (side, 2) if strided else (after, 1)
                    wrong = (before + 2 * (kernel - 1) - kernel) // stride + 1
                    excess += kernel**2 * width * (wrong**2 - after**2)
        side = after
    return excess


def test_architectures_are_read_again_with_their_width_and_depth(nds):
    benchmark, runs, *_ = nds
    again = benchmark.space.architectures(benchmark.strings)
    assert again.row_keys() == benchmark.architectures.row_keys()
    assert again.attributes["width"].tolist() == [run["net"]["width"] for run in runs]
    depths = layers_of(again).repeats.sum(axis=1)
    assert depths.tolist() == [run["net"]["depth"] for run in runs]


def test_graph_proxies_count_what_the_benchmark_knows(nds):
    benchmark, *_ = nds
    about = {"space": benchmark.name, "dataset": "imagenet", "generator": np.random.default_rng(0)}
    parameters = params.score(benchmark.architectures, **about)
    assert np.array_equal(parameters, benchmark.cost("parameters", dataset="imagenet"))
    published = benchmark.cost("flops", dataset="imagenet")
    assert flops.score(benchmark.architectures, **about) == pytest.approx(published, rel=0.06)


def test_a_file_whose_parameters_are_others_is_refused(resource_file, tmp_path):
    runs = json.loads(resource_file("nds/ENAS.json").read_text())
    runs[3]["params"] += 1
    (tmp_path / "other.json").write_text(json.dumps(runs))
    with pytest.raises(CorruptTableError, match="network 3 has"):
        nds_enas.build([tmp_path / "other.json"])
