"""The audit of the published protocol: its reporting practices on hand-made epochs."""

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import script
from hypothesis import given
from hypothesis import strategies as st

from tgnas.benchmarks.base import Benchmark
from tgnas.evaluation.audit import HONEST, PRACTICES, audit_protocol
from tgnas.evaluation.ranking import measure_epochs
from tgnas.results import audit
from tgnas.results._tables import markdown

# Two seeds, three epochs. Tau is best in epoch 2 of seed 0 and epoch 1 of seed 1.
TAU = [[0.1, 0.5, 0.2], [0.6, 0.3, 0.4]]
RHO = [[0.2, 0.6, 0.7], [0.5, 0.8, 0.5]]
DUMP = {"kendall_tau": 0.45, "spearman_rho": 0.65}
# By hand: last epoch .2 and .4 of tau, .7 and .5 of rho; at the best tau .5 and .6, .6 and .5; the
# highest rho of each seed is .7 and .8. Of one checkpoint, the seed of the better tau is reported.
EXPECTED = {
    "kendall_tau": [0.3, 0.2, 0.4, 0.55, 0.6, 0.55, 0.6, 0.45],
    "spearman_rho": [0.6, 0.7, 0.5, 0.55, 0.5, 0.75, 0.8, 0.65],
}


def epochs(tau=TAU, rho=RHO, dataset: str = "cifar10") -> pd.DataFrame:
    """Return a table as score_with_leaked_epoch writes it."""
    rows = [
        (seed, epoch + 1, dataset, tau[seed][epoch], rho[seed][epoch])
        for seed, epoch in itertools.product(range(len(tau)), range(len(tau[0])))
    ]
    columns = ["seed", "epoch", "dataset", "kendall_tau", "spearman_rho"]
    return pd.DataFrame(rows, columns=columns)


def dump(dataset: str = "cifar10") -> pd.DataFrame:
    """Return measures of the dump, with a row of the top share that must not be taken."""
    rows = [
        (dataset, "all", subset, name, value if subset == "all" else -1.0)
        for name, value in DUMP.items()
        for subset in ("all", "top")
    ]
    return pd.DataFrame(rows, columns=["dataset", "population", "subset", "name", "value"])


def of(table: pd.DataFrame, measure: str, practice: str) -> pd.Series:
    return table[(table.measure == measure) & (table.practice == practice)].iloc[0]


@pytest.mark.parametrize("measure", EXPECTED)
def test_each_practice_reports_what_a_hand_calculation_says(measure):
    table = audit_protocol(epochs(), dump())
    part = table[table.measure == measure]
    assert list(part.practice) == list(PRACTICES)
    assert list(part.value) == pytest.approx(EXPECTED[measure])
    honest = EXPECTED[measure][0]
    assert list(part.adds) == pytest.approx([value - honest for value in EXPECTED[measure]])


def test_a_mean_has_its_spread_over_seeds_and_one_seed_has_none():
    table = audit_protocol(epochs(), dump())
    honest, best = of(table, "kendall_tau", HONEST), of(table, "kendall_tau", "best_seed")
    assert (honest["low"], honest["high"], honest["seeds"]) == (0.2, 0.4, 2)
    assert honest["std"] == pytest.approx(np.std([0.2, 0.4], ddof=1))
    assert best["seeds"] == 1
    assert best[["std", "low", "high"]].isna().all()


def test_every_data_set_chooses_by_its_own_labels():
    flipped = epochs([row[::-1] for row in TAU], RHO, "cifar100")
    table = audit_protocol(pd.concat([epochs(), flipped]), pd.concat([dump(), dump("cifar100")]))
    assert list(table.dataset.unique()) == ["cifar10", "cifar100"]
    leaked = table[(table.practice == "leaked_epoch") & (table.measure == "spearman_rho")]
    # Reversed, tau is best in epochs 2 and 3, where rho is .6 and .5.
    assert list(leaked.value) == pytest.approx([0.55, 0.55])
    honest = table[(table.practice == HONEST) & (table.measure == "kendall_tau")]
    assert list(honest.value) == pytest.approx([0.3, 0.35])


@given(st.integers(0, 10_000))
def test_no_practice_of_epochs_makes_tau_worse(seed):
    tau, rho = np.random.default_rng(seed).uniform(-1, 1, (2, 3, 5))
    table = audit_protocol(epochs(tau, rho), dump())
    chosen = table[table.practice.isin(["best_seed", "leaked_epoch", "own_epochs"])]
    assert (chosen[chosen.measure == "kendall_tau"].adds >= 0).all()
    of_rho = chosen[chosen.measure == "spearman_rho"].set_index("practice").value
    assert of_rho["own_epochs"] >= of_rho["leaked_epoch"]


def test_the_order_of_the_rows_changes_nothing():
    shuffled = epochs().sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(
        audit_protocol(shuffled, dump()), audit_protocol(epochs(), dump())
    )


def test_an_undefined_tau_is_never_the_best_and_leaves_its_mean_undefined():
    undefined = [[0.1, 0.5, np.nan], [0.6, 0.3, 0.4]]
    table = audit_protocol(epochs(undefined), dump())
    assert of(table, "kendall_tau", "leaked_epoch")["value"] == pytest.approx(0.55)
    assert np.isnan(of(table, "kendall_tau", HONEST)["value"])
    assert "undefined" in markdown(audit.show(table))


def test_one_seed_has_no_spread():
    table = audit_protocol(epochs(TAU[:1], RHO[:1]), dump())
    assert np.isnan(of(table, "kendall_tau", HONEST)["std"])
    assert of(table, "kendall_tau", HONEST)["value"] == pytest.approx(0.2)


def test_the_table_says_what_a_practice_adds_and_why_pruning_has_no_row():
    text = markdown(audit.show(audit_protocol(epochs(), dump())))
    assert "0.300 ± 0.141" in text
    assert "0.600 (+0.300)" in text
    assert "The released pruning has no row" in " ".join(audit.CAPTION.split())


def test_the_scripts_write_a_table_and_a_figure(tmp_path):
    names = ("epochs.csv", "dump.csv", "audit.csv", "audit.md", "audit.png", "audit.pdf")
    files = [tmp_path / name for name in names]
    epochs().to_csv(files[0], index=False)
    dump().assign(method="authors_dump").to_csv(files[1], index=False)
    inputs = {"epochs": files[0], "released": files[1]}
    values = {"title": "TG-NAS", "seeds": 2, "released_by": "authors_dump"}
    made = {"name": "audit", "values": values}
    script("tabulate")(**made, files=inputs, table=files[2], markdown=files[3])
    script("draw")(**made, files={"frame": files[2]}, png=files[4], pdf=files[5])
    assert all(path.stat().st_size for path in files)


def test_every_epoch_has_its_tau_and_its_rho():
    names = {"architecture": ["a", "b", "c"], "accuracy/cifar10/test/200": [90.0, 91.0, 93.0]}
    target = Benchmark("three", pa.table(names))
    ranking = {"datasets": ["cifar10"], "split": "test", "epochs": 200}
    table = measure_epochs(target, np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]]), ranking)
    assert list(table.epoch) == [1, 2]
    # Of the second, two pairs of three agree; the squared differences of ranks sum to 2.
    assert list(table.kendall_tau) == pytest.approx([1, 1 / 3])
    assert list(table.spearman_rho) == pytest.approx([1, 1 - 6 * 2 / (3 * 8)])
