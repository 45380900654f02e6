"""Differences of methods, parts in isolation, and the sentences that README takes from them."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tgnas.evaluation import differences as paired
from tgnas.results import conclusions, differences, isolation
from tgnas.results._tables import markdown

ROOT = Path(__file__).parents[1]
DATASETS = ["cifar10", "cifar100"]


def measured(**taus: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return measures and resampled taus of methods whose resamples spread by a tenth."""
    draws = np.linspace(-0.1, 0.1, 41)
    measures, resampled = [], []
    for method, tau in taus.items():
        for dataset in DATASETS:
            for population, count in (("unique", 9445), ("all", 15625)):
                about = {"method": method, "dataset": dataset, "population": population}
                about |= {"subset": "all"}
                measures.append(
                    about | {"name": "kendall_tau", "seed": 0, "value": tau, "architectures": count}
                )
                resampled += [
                    about | {"resample": place, "kendall_tau": tau + drawn}
                    for place, drawn in enumerate(draws * (1 if method < "c" else -1))
                ]
    return pd.DataFrame(measures), pd.DataFrame(resampled)


def test_a_difference_is_taken_draw_by_draw():
    tables = measured(a=0.7, b=0.6, c=0.6)
    found = paired.differences(*tables, [("a", "b"), ("a", "c")], 0.95)
    own = found[(found.dataset == "cifar10") & (found.population == "unique")]
    assert list(own.difference) == pytest.approx([0.1, 0.1])
    assert own.iloc[0][["low", "high"]].tolist() == pytest.approx([0.1, 0.1])  # drawn alike
    assert own.iloc[1].low < -0.08 and own.iloc[1].high > 0.28  # drawn against each other
    assert list(own.architectures) == [9445, 9445]


def test_a_pair_with_a_method_that_was_not_measured_has_no_row():
    assert paired.differences(*measured(a=0.7), [("a", "b")], 0.95).empty


def test_methods_of_other_architectures_are_not_compared():
    measures, resampled = measured(a=0.7, b=0.6)
    fewer = (measures.method == "b") & (measures.population == "all")
    measures.loc[fewer, "architectures"] = 15000
    found = paired.differences(measures, resampled, [("a", "b")], 0.95)
    assert set(found.population) == {"unique"}


def test_the_difference_of_a_method_to_itself_on_real_scores_is_nothing(nasbench201):
    ranking = {"datasets": ["cifar10"], "split": "test", "epochs": 200, "resamples": 10}
    scores = np.random.default_rng(0).random((2, len(nasbench201)))
    subsets = {"some": np.arange(500)}
    one = paired.taus_of(nasbench201, scores, subsets, ranking)["cifar10", "some"]
    other = paired.taus_of(nasbench201, scores * 2, subsets, ranking)["cifar10", "some"]
    assert set(one.less(other, 0.95).values()) == {0.0}
    assert one.row(0.95)["mean"] == pytest.approx(one.of_seeds.mean())


def test_dead_cells_are_341_of_nasbench201_and_stand_below_all(nasbench201):
    dead = paired.connects_nothing(nasbench201)
    assert dead.sum() == 341
    scores = np.random.default_rng(0).random((2, len(nasbench201)))
    last = paired.dead_last(scores, dead)
    assert (last[:, dead] < last[:, ~dead].min(axis=1, keepdims=True)).all()
    np.testing.assert_array_equal(last[:, ~dead], scores[:, ~dead])


def test_a_part_is_added_to_the_row_before_it():
    steps = {"code": "authors", "ours": "graph", "target": "+ target"}
    assert list(isolation.rows_of(steps)) == [
        ("code", "authors", False, ""),
        ("code", "authors + dead cells last", True, "authors"),
        ("ours", "graph", False, "authors"),
        ("target", "+ target", False, "graph"),
        ("target", "+ dead cells last", True, "+ target"),
    ]


def sentences(**taus: float) -> str:
    """Return the sentences about methods of these taus."""
    names = {"published": "a_code", "baseline": "b_params", "ours": "a_ours", "joined": "c_joined"}
    titles = {name: name for name in taus}
    measures, resampled = measured(**taus)
    found = paired.differences(measures, resampled, [("a_code", "b_params")], 0.95)
    ranking = measures.rename(columns={"name": "measure", "value": "mean"}).assign(std=np.nan)
    frame = conclusions.table(ranking, found.assign(benchmark="nasbench201"), names, titles)
    return markdown(conclusions.show(frame))


@pytest.mark.parametrize(
    ("tau", "verdict"),
    [(0.4, "worse (CIFAR-10 -0.200 ["), (0.8, "better (CIFAR-10 +0.200 ["), (0.6, "not told")],
)
def test_better_and_worse_are_what_the_interval_says(tau, verdict):
    assert f"on distinct architectures {verdict}" in sentences(a_code=tau, b_params=0.6)


def test_what_was_not_measured_is_not_said():
    assert sentences(b_params=0.6).strip() == ""


def test_a_difference_is_shown_with_its_interval():
    found = paired.differences(*measured(a=0.7, b=0.6), [("a", "b")], 0.95)
    text = markdown(differences.show(found.assign(benchmark="nasbench201"), {"a": "A", "b": "B"}))
    assert "+0.100 [+0.100, +0.100]" in text
    assert text.index("CIFAR-100, distinct") < text.index("CIFAR-10, all")


def outside_blocks(page: str) -> str:
    """Return the text of a page that people wrote."""
    block = re.compile(r"<!-- begin (\w+) -->.*?<!-- end \1 -->", re.DOTALL)
    return block.sub("", (ROOT / page).read_text())


def test_readme_compares_and_quotes_correlations_in_rendered_blocks_alone():
    text = outside_blocks("README.md")
    assert not re.search(r"\b0?\.\d{3}\b", text)
    assert not re.search(r"(better|worse) than|outperform|beats", text)
