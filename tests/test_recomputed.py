"""The published baselines, recomputed from the raw files: nothing of the package takes part."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau, rankdata

PAPER = Path(__file__).parents[1] / "results/paper"
MIRRORS = (*os.environ.get("TGNAS_MIRROR", "").split(os.pathsep), PAPER / "../../../shared/mirror")
PATHS = ([3], [0, 4], [1, 5], [0, 2, 5])  # places of edges in 0->1, 0->2, 1->2, 0->3, 1->3, 2->3
DATASETS = ["cifar10", "cifar100", "ImageNet16-120"]


def raw(pattern):
    for folder in filter(None, MIRRORS):
        for found in Path(folder).glob(f"raw.githubusercontent.com/{pattern}"):
            return pd.read_csv(found)
    return pytest.skip(f"no mirror has {pattern}, and tests use no network")


def counted(architecture):
    edges = [edge.split("~")[0] for edge in architecture.replace("|+", "").strip("|").split("|")]
    paths = [path for path in PATHS if all(edges[place] != "none" for place in path)]
    live = {place for path in paths for place in path}
    layers = {place for place in live if "conv" in edges[place]}
    depth = max((len(layers & set(path)) for path in paths), default=0)
    gains = (1 + len(paths)) * (1 + len(layers)) * (1 + depth)
    topology = gains / (1 + sum("pool" in edges[place] for place in live))
    size = sum(9 if "3x3" in edges[place] else 1 for place in layers)
    return topology, size, str([edges[place] if place in live else "" for place in range(6)])


@pytest.fixture(scope="module")
def table():
    strings = raw("Zhenhan-Huang/*/*/data/nasbench201_cifar100.csv")["arch str"]
    names = ["topology", "effective_params", "pattern"]
    known = pd.DataFrame([counted(text) for text in strings], strings, names)
    known["complexity_baseline"] = rankdata(known.topology) + rankdata(known.effective_params)
    for name in ("params", *DATASETS):
        file = "cifar10/params" if name == "params" else f"{name}/accuracies"
        stored = raw(f"NiccoloCavagnero/FreeREA/*/cached_metrics/nats/{file}.csv")
        known[name] = stored.iloc[:, 1].to_numpy()
    return known


@pytest.mark.parametrize("population", ["unique", "all"])
def test_taus_of_the_baselines(table, population):
    rows = table.drop_duplicates("pattern") if population == "unique" else table
    published = pd.read_csv(PAPER / "ranking_nasbench201.csv").query("measure == 'kendall_tau'")
    published = published.query(f"subset == 'all' and population == '{population}'")
    means = published.set_index(["method", "dataset"])["mean"]
    for name in ("topology", "effective_params", "complexity_baseline", "params"):
        for dataset in DATASETS:
            found = kendalltau(rows[name], rows[dataset]).statistic
            assert found == pytest.approx(means[name, dataset], abs=1e-6)


def test_accuracies_of_what_searches_return(table):
    published = pd.read_csv(PAPER / "search.csv").query("share == 1")
    assert len(published) > 5
    wanted = published[[f"{dataset} mean" for dataset in DATASETS]]
    np.testing.assert_allclose(table.loc[published.architecture, DATASETS], wanted, atol=1e-6)
