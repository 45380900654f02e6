"""The published baselines, recomputed from the raw files: nothing of the package takes part."""

import os
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import kendalltau, rankdata

PAPER = Path(__file__).parents[1] / "results/paper"
MIRRORS = (*os.environ.get("TGNAS_MIRROR", "").split(os.pathsep), PAPER / "../../../shared/mirror")
PATHS = ([3], [0, 4], [1, 5], [0, 2, 5])  # of the edges 0->1, 0->2, 1->2, 0->3, 1->3, 2->3
FREEREA = "*/NiccoloCavagnero/FreeREA/*/cached_metrics/nats"
DATASETS = ["cifar10", "cifar100", "ImageNet16-120"]
STORED = {name: f"{name}/accuracies" for name in DATASETS} | {"params": "cifar10/params"}
COUNTED = ["topology", "effective_params", "pattern"]


def raw(pattern):
    for found in (file for folder in MIRRORS if folder for file in Path(folder).glob(pattern)):
        return pd.read_csv(found)
    return pytest.skip(f"no mirror has {pattern}, and tests use no network")


def counted(architecture):
    edges = [edge.split("~")[0] for edge in architecture.replace("|+", "").strip("|").split("|")]
    paths = [path for path in PATHS if all(edges[place] != "none" for place in path)]
    live = {place for path in paths for place in path}
    layers = {place for place in live if "conv" in edges[place]}
    depth = max((len(layers & set(path)) for path in paths), default=0)
    pools = sum("pool" in edges[place] for place in live)
    topology = (1 + len(paths)) * (1 + len(layers)) * (1 + depth) / (1 + pools)
    size = sum(9 if "3x3" in edges[place] else 1 for place in layers)
    return topology, size, str([edges[place] * (place in live) for place in range(6)])


@pytest.fixture(scope="module")
def table():
    strings = raw("*/Zhenhan-Huang/*/*/data/nasbench201_cifar100.csv")["arch str"]
    known = pd.DataFrame(map(counted, strings), strings, COUNTED)
    known["complexity_baseline"] = rankdata(known.topology) + rankdata(known.effective_params)
    for name, file in STORED.items():
        known[name] = raw(f"{FREEREA}/{file}.csv").to_numpy()[:, 1]
    return known


@pytest.mark.parametrize("population", ["unique", "all"])
def test_taus_of_the_baselines(table, population):
    rows = table.drop_duplicates("pattern") if population == "unique" else table
    of = f"measure == 'kendall_tau' and subset == 'all' and population == '{population}'"
    published = pd.read_csv(PAPER / "ranking_nasbench201.csv").query(of)
    for name in ("topology", "effective_params", "complexity_baseline", "params"):
        found = [kendalltau(rows[name], rows[dataset]).statistic for dataset in DATASETS]
        assert found == pytest.approx(published["mean"][published.method == name].tolist())


def test_accuracies_of_what_searches_return(table):
    published = pd.read_csv(PAPER / "search.csv").query("share == 1")  # all runs returned one
    for name in DATASETS:
        assert list(table[name][published.architecture]) == pytest.approx(published[f"{name} mean"])
