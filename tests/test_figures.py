"""Figures: what must be on them, and that the same data give the same bytes."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tgnas.benchmarks.base import Benchmark
from tgnas.evaluation.audit import MEASURES, PRACTICES
from tgnas.results import (
    _style as style,
)
from tgnas.results import (
    audit,
    final_training_curves,
    predictions,
    ranking,
    search_progress,
    training_curves,
)
from tgnas.searching.runs import progress_table

DATASETS = ["cifar10", "cifar100", "ImageNet16-120"]
RANKING = {"datasets": DATASETS, "top_share": 0.1, "level": 0.95}
FACTS = {
    "recipe": "NAS-Bench-201", "dataset": "cifar10", "label": "short CPU run", "epochs": 3,
    "train_images": 200, "image_source": "a copy",
    "device": "cpu", "tabular_epochs": 200, "tabular_accuracy": 93.0,
}  # fmt: skip


def ranking_table(tau: float) -> pd.DataFrame:
    """Return a table as `ranking` writes it: a seeded method and one without seeds."""
    rows = []
    for method, seeds, std in (("tgnas_code", 5, 0.02), ("params", 1, np.nan)):
        for dataset in DATASETS:
            for population, n in (("unique", 9445), ("all", 15625)):
                row = {"method": method, "title": f"the {method}", "dataset": dataset}
                row |= {"population": population, "subset": "all", "measure": "kendall_tau"}
                row |= {"commit": np.nan}
                row |= {"mean": tau, "std": std, "low": tau - 0.1, "high": tau + 0.1}
                rows.append(row | {"architectures": n, "seeds": seeds})
    return pd.DataFrame(rows)


def rank_correlations(tau: float = 0.4):
    families = {"tgnas_code": "predictor", "params": "proxy"}
    return ranking.figure(ranking_table(tau), families, RANKING)


def densities(tau: float = 0.4):
    generator = np.random.default_rng(0)
    measured = {name: generator.random(50) * 100 for name in DATASETS}
    return predictions.draw(generator.random(50) * 100, measured, dict.fromkeys(DATASETS, tau))


def curves():
    histories = [pd.DataFrame({"epoch": [1, 2, 3]}).assign(loss=0.01) for _ in range(2)]
    history = pd.concat([table.assign(seed=seed) for seed, table in enumerate(histories)])
    taus = pd.concat([history.assign(dataset=name, kendall_tau=0.3) for name in DATASETS])
    taus = taus.reset_index(drop=True)
    return training_curves.figure(histories, taus, "cifar10")


def progress():
    columns = {"queries": [1, 10], "rank": [100, 1], "rank_low": [50, 1], "rank_high": [200, 2]}
    columns |= {"accuracy": [90.0, 93], "accuracy_low": [10.0, 90], "accuracy_high": [93.0, 94]}
    table = pd.DataFrame(columns).assign(seeds=2, runs=6)
    parts = [table.assign(searcher=name) for name in ("hybrid", "random", "exhaustive", "new_one")]
    levels = {"best of the space": 94.37, "best by #params": 93.76, "best by FLOPs": 93.76}
    return search_progress.draw(pd.concat(parts), levels, "cifar10")


def final_training():
    history = pd.DataFrame({"epoch": [1, 2, 3], "train_loss": [2.0, 1.5, 1.0]})
    history = history.assign(train_accuracy=[20.0, 30, 40], test_accuracy=[15.0, 25, 35])
    return final_training_curves.draw(history, FACTS)


def protocol_audit(value: float = 0.4):
    rows = [
        {
            "dataset": dataset,
            "measure": measure,
            "practice": practice,
            "value": value,
            "adds": 0.125,
        }
        for dataset in DATASETS
        for measure in MEASURES
        for practice in PRACTICES
    ]
    spread = {"std": 0.1, "low": value - 0.1, "high": value + 0.1, "seeds": 5}
    return audit.figure(pd.DataFrame(rows).assign(**spread))


ALL = [
    densities, rank_correlations, curves, progress, final_training,
    protocol_audit,
]  # fmt: skip


def panels(figure):
    """Return the panels with an x axis label, colour bars left out."""
    return [axes for axes in figure.axes if axes.get_xlabel()]


def texts(figure) -> str:
    """Return all that is written on a figure."""
    return "\n".join(
        text.get_text() for text in figure.findobj(match=lambda a: hasattr(a, "get_text"))
    )


@pytest.mark.parametrize(
    ("draw", "count"),
    list(zip(ALL, [3, 3, 4, 3, 1, 1], strict=True)),
)
def test_a_figure_has_its_panels(draw, count):
    assert len(panels(draw())) == count


@pytest.mark.parametrize("draw", ALL)
def test_a_figure_saved_twice_has_the_same_bytes(draw, tmp_path):
    for name in ("first", "second"):
        style.save(draw(), tmp_path / f"{name}.png", tmp_path / f"{name}.pdf")
    for form in ("png", "pdf"):
        first, second = ((tmp_path / f"{n}.{form}").read_bytes() for n in ("first", "second"))
        assert first == second
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".pdf"}


@pytest.mark.parametrize("draw", [densities, rank_correlations, protocol_audit])
def test_constant_scores_are_drawn_as_undefined(draw, tmp_path):
    figure = draw(float("nan"))
    style.save(figure, tmp_path / "figure.png")
    assert "undefined" in texts(figure)


def test_seeds_and_numbers_of_architectures_are_written():
    found = texts(rank_correlations())
    assert "(5 seeds)" in found
    assert "n = 15,625" in found
    assert "n = 9,445" in found


def test_the_audit_says_that_it_chooses_nothing():
    assert "these curves choose nothing" in texts(curves())


def test_the_audit_has_a_panel_for_each_data_set_and_says_what_a_practice_adds():
    figure = protocol_audit()
    assert [axes.get_title() for axes in figure.axes] == ["CIFAR-10", "CIFAR-100", DATASETS[2]]
    assert {"0.400", "+0.125", "range over 5 seeds"} <= set(texts(figure).splitlines())


def test_every_searcher_but_the_exhaustive_has_a_column_of_panels():
    titles = [axes.get_title() for axes in progress().axes if axes.get_title()]
    assert titles == [f"{name}\n2 seeds x 3 runs" for name in ("hybrid", "random", "new one")]


def test_more_levels_than_looks_are_all_drawn():
    progress = pd.DataFrame({"searcher": ["random"], "queries": [1], "seeds": [1], "runs": [1]})
    for name in ("rank", "accuracy"):
        progress = progress.assign(**{name: 50.0, f"{name}_low": 50.0, f"{name}_high": 50.0})
    levels = {f"level {number}": 90.0 + number for number in range(5)}
    figure = search_progress.draw(progress, levels, "cifar10")
    assert all(f"{name}: {value:.2f} %" in texts(figure) for name, value in levels.items())


def test_levels_of_one_value_share_a_line():
    assert "best by #params and best by FLOPs: 93.76" in texts(progress())


def test_a_final_training_says_what_was_trained():
    assert "short CPU run: 3 epochs of 200 images" in texts(final_training())


def test_progress_is_the_rank_and_accuracy_of_the_best_scored_so_far():
    names = {"architecture": ["a", "b", "c"], "accuracy/cifar10/test/200": [90.0, 94.0, 92.0]}
    target = Benchmark("three", pa.table(names))
    # The seeds' scores share no scale: both rank c first; seed 0 has a second, seed 1 has b.
    scores = np.array([[2.0, 1.0, 3.0], [0.1, 0.2, 0.3]])
    runs = pd.DataFrame({"searcher": "random", "seed": [0, 1], "queries": [4, 4]})
    runs["progress_queries"] = [[1, 3], [1]]
    runs["progress_architectures"] = [["b", "c"], ["b"]]
    ranking = {"datasets": ["cifar10"], "split": "test", "epochs": 200}
    table = progress_table(runs, scores, target, ranking)
    assert table.queries.tolist() == [1, 3, 4]
    assert table["rank"].tolist() == [2.5, 1.5, 1.5]
    assert table.rank_high.tolist() == [3, 2, 2]
    assert table.accuracy.tolist() == [94.0, 93.0, 93.0]
    assert table.accuracy_low.tolist() == [94.0, 92.0, 92.0]
    assert (table.seeds == 2).all()
