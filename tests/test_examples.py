"""The methods of the tutorial: copied into the package they run through the workflow."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import Project

ROOT = Path(__file__).parents[1]
EXAMPLES = {
    "graph_proxies": ["convolutions"],
    "network_proxies": ["logit_spread"],
    "searchers": ["guided"],
    "predictors": ["ridge"],
}
RIDGE = """
predictors:
  ridge: {base: tgnas_code, method: ridge, sources: [nasbench201], cells: 100, drawn_anew: true,
    penalty: 1.0}
"""
GUIDED = """
search:
  labelled: [random, guided]
  surrogates: {guided: ridge}
"""
CONTRACTS = f"""
from pathlib import Path

import tgnas
from tgnas import registry

assert Path(tgnas.__file__).is_relative_to(Path.cwd()), tgnas.__file__
for folder, names in {EXAMPLES!r}.items():
    for name in names:
        getattr(registry, folder.upper()).module(name)
print("all contracts hold")
"""
RESULTS = {
    "ridge": "results/smoke/scores/nasbench201/ridge.parquet",
    "convolutions": "results/smoke/scores/nasbench201/convolutions.parquet",
    "guided": "results/smoke/searches/nasbench201/validation/random+guided.parquet",
}


@pytest.fixture(scope="module")
def copied(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Copy the project that has run, and put the examples where the tutorial says."""
    folder = tmp_path_factory.mktemp("examples") / "copy"
    shutil.copytree(finished.folder, folder, symlinks=True)
    for family, names in EXAMPLES.items():
        for name in names:
            source = ROOT / f"examples/methods/{family}/{name}.py"
            shutil.copy(source, folder / f"src/tgnas/methods/{family}")
    with (folder / "config/experiments_smoke.tsv").open("a") as sheet:
        sheet.write("convolutions\tproxy\tonce\t#convolutions\n")
        sheet.write("ridge\tfew_shot\tseeds\tridge, 100 labels\n")
    smoke = folder / "config/smoke.yaml"
    text = smoke.read_text()
    for section in (RIDGE, GUIDED):
        name = section.split()[0]
        text = text.replace(f"\n{name}\n", section, 1)
    smoke.write_text(text)
    return replace(finished, folder=folder)


@pytest.fixture(scope="module")
def run(copied: Project) -> Project:
    """Run the jobs of the examples."""
    done = copied.run("--", *RESULTS.values())
    assert done.returncode == 0, done.stdout
    return copied


def test_every_example_stands_in_the_tutorial():
    page = (ROOT / "docs/add-a-method.md").read_text()
    shown = [f'"../examples/methods/{f}/{n}.py"' for f, names in EXAMPLES.items() for n in names]
    files = {str(path) for path in (ROOT / "examples/methods").rglob("*.py")}
    assert all(path in page for path in shown)
    assert len(files) == len(shown)


def test_the_entry_of_the_tutorial_is_the_one_that_is_run():
    page = " ".join((ROOT / "docs/add-a-method.md").read_text().split())
    assert " ".join(RIDGE.split()[1:]) in page


@pytest.mark.parametrize("path", ["predictors/ridge", "searchers/guided"])
def test_an_example_has_fewer_than_60_lines(path):
    assert len((ROOT / f"examples/methods/{path}.py").read_text().splitlines()) < 60


@pytest.mark.slow
def test_every_example_keeps_the_contract_of_its_family(copied):
    done = subprocess.run(
        [sys.executable, "-c", CONTRACTS],
        cwd=copied.folder,
        env=copied.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "all contracts hold\n", done.stderr


@pytest.mark.slow
def test_examples_get_their_own_jobs_and_no_other(copied):
    planned = copied.planned("--", *RESULTS.values())
    planned.pop("total", None)
    assert planned.pop("train_predictor") == 2  # seeds of the smoke config
    assert planned.pop("search") == planned.pop("score_with_predictor") == 1
    assert sum(planned.values()) == 1, planned  # the graph proxy's scores


@pytest.mark.slow
def test_a_predictor_that_learns_labels_of_the_target_is_not_measured_on_them(run):
    scores = pd.read_parquet(run.folder / RESULTS["ridge"])
    seeds = scores.filter(regex="^seed[0-9]+$")
    unmeasured = seeds.isna().to_numpy()
    assert unmeasured.sum(axis=0).tolist() == [100, 100]
    assert (unmeasured[:, 0] != unmeasured[:, 1]).any()  # every seed draws others
    counts = pd.read_parquet(run.folder / RESULTS["convolutions"]).seed0
    assert np.corrcoef(seeds.seed0[~unmeasured[:, 0]], counts[~unmeasured[:, 0]])[0, 1] > 0.5


@pytest.mark.slow
def test_a_searcher_that_fits_a_surrogate_on_labels_beats_random_search(run):
    runs = pd.read_parquet(run.folder / RESULTS["guided"])
    best = runs.groupby("searcher").score.mean()
    assert set(runs.queries) == {20}  # as many trainings as the smoke config allows
    assert best["guided"] > best["random"]
