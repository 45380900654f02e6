"""The methods of the tutorial: copied into the package they are members of their families."""

import subprocess
import sys
from pathlib import Path

import pytest
from project import Project

ROOT = Path(__file__).parents[1]
FAMILIES = {
    "proxies": ["convolutions", "logit_spread"],
    "searchers": ["coordinate"],
    "predictors": ["ridge"],
}
CONTRACTS = """
from pathlib import Path

import numpy as np
import torch

import tgnas
from tgnas.scoring import harness
from tgnas.evaluation.ranking import spearman_rho
from tgnas.methods.searchers._trace import Settings
from tgnas.inference.pretrained import own_embeddings
from tgnas.registry import NETWORK_PROXIES, PREDICTORS, GRAPH_PROXIES, SEARCHERS
from tgnas.spaces.nasbench201 import SPACE

assert Path(tgnas.__file__).is_relative_to(Path.cwd()), tgnas.__file__
some = SPACE.enumerate()[::31]
about = {"space": "nasbench201", "dataset": "cifar10"}
counts = GRAPH_PROXIES.load("convolutions")(some, **about, generator=np.random.default_rng(0))
spelled = [text.count("nor_conv") for text in SPACE.format(some)]
assert counts.tolist() == spelled

parsed = SPACE.parse("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|")
settings = harness.Settings(batch=4, size={"channels": 4, "repeats": 1})
network = harness.seeded_network(parsed.member(0), 10, settings, space="nasbench201")
batch = harness.Batch(torch.randn(4, 3, 8, 8), torch.arange(4))
(spread,), _ = harness.score("logit_spread", network, batch, 0)
assert spread > 0, spread
again, _ = harness.score("logit_spread", network, batch, 0)
assert again == (spread,)

weights = np.random.default_rng(1).random((6, 5))
additive = lambda choices: weights[np.arange(6), choices].sum(axis=1)
trace = SEARCHERS.load("coordinate")(
    SPACE, additive, Settings(budget=100), np.random.default_rng(0)
)
assert trace.queries == 100
assert np.isclose(trace.all_scores()[trace.answer], weights.max(axis=1).sum())

ridge, vectors = PREDICTORS.module("ridge"), own_embeddings("minilm_short")
chosen = ridge.Settings.from_config({"weight_decay": 1e-3})
half = slice(None, None, 2)
fitted, kept = ridge.fit([(cells[half], counts[half])], vectors, chosen, seed=0)
ridge.save(Path("ridge.safetensors"), kept.epochs, chosen, ridge.operators_of(cells))
loaded = ridge.load(Path("ridge.safetensors"), vectors)
assert np.array_equal(loaded.predict(cells), fitted.predict(cells))
others = slice(1, None, 2)
assert spearman_rho(loaded.predict(cells[others]), counts[others]) > 0.95
print("all contracts hold")
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Copy the project and put the examples where the tutorial says."""
    copy = Project.copy(tmp_path_factory.mktemp("examples"), [])  # a dry run fetches nothing
    for family, names in FAMILIES.items():
        for name in names:
            text = (ROOT / f"examples/methods/{family}/{name}.py").read_text()
            (copy.folder / f"src/tgnas/methods/{family}/{name}.py").write_text(text)
    with (copy.folder / "config/experiments.tsv").open("a") as sheet:
        sheet.write("convolutions\tproxy\tonce\t#convolutions\n")
        sheet.write("ridge\tpredictor\tseeds\tridge on mean sentences\n")
    config = copy.folder / "config/config.yaml"
    entry = "predictors:\n  ridge: {base: tgnas_code, method: ridge, weight_decay: 0.1}\n"
    config.write_text(config.read_text().replace("predictors:\n", entry, 1))
    return copy


def test_every_example_stands_in_the_tutorial():
    page = (ROOT / "docs/add-a-method.md").read_text()
    shown = [f'"../examples/methods/{f}/{n}.py"' for f, names in FAMILIES.items() for n in names]
    files = {str(path) for path in (ROOT / "examples/methods").rglob("*.py")}
    assert all(path in page for path in shown)
    assert len(files) == len(shown)


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


def test_the_lines_of_the_tutorial_give_the_examples_their_jobs(copied):
    scores = "results/smoke/scores/nasbench201"
    files = [f"{scores}/convolutions.parquet", f"{scores}/ridge.parquet"]
    planned = copied.planned("--", *files)
    assert planned["score_with_graph_proxy"] == planned["score_with_predictor"] == 1
    assert planned["train_predictor"] == 2  # seeds of the smoke config
