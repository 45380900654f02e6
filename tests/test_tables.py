"""Tables: aggregation over seeds, what was reported beside it, README's blocks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tgnas.errors import ConfigError, CorruptTableError
from tgnas.results.readme import with_tables
from tgnas.results.searches import (
    search_headline,
    search_markdown,
    standing_markdown,
    summarise_search,
    summarise_standing,
    summarise_supernets,
    supernets_markdown,
)
from tgnas.results.tables import (
    claims_markdown,
    headline,
    leading,
    number_text,
    read_reported,
    selection_markdown,
    summarise_claims,
    summarise_ranking,
    summarise_selection,
)

ROOT = Path(__file__).parents[1]
REPORTED = pd.DataFrame(
    [
        ("ranking", "a", "cifar10", "kendall_tau", 0.4, "paper"),
        ("search", "s/x", "cifar10", "accuracy", 93.0, "paper"),
        ("search", "s/unknown", "cifar10", "accuracy", 1.0, "paper"),
        ("search", "published/peer (N=100)", "cifar10", "accuracy", 92.5, "peer"),
    ],
    columns=["table", "method", "dataset", "measure", "reported", "source"],
)


def measures() -> pd.DataFrame:
    """Return two seeds of one method and one of another, as measure_ranking writes them."""
    rows = [("a", 0, 0.5), ("a", 1, 0.7), ("b", 0, np.nan)]
    return pd.DataFrame(
        [
            {"method": m, "seed": s, "dataset": "cifar10", "population": "all", "subset": "all",
             "name": "kendall_tau", "value": v, "low": v - 0.1, "high": v + 0.1, "architectures": 9}
            for m, s, v in rows
        ]
    )  # fmt: skip


def answers() -> pd.DataFrame:
    """Return three runs of one search, as look_up returns them."""
    shared = {"scorer": "s", "searcher": "x", "queries": 10, "distinct": 9, "seconds": 0.5}
    found = [("A", 0, 93.0), ("A", 0, 93.0), ("B", 1, 90.0)]
    rows = pd.DataFrame(found, columns=["architecture", "seed", "cifar10"])
    return rows.assign(**shared, run=range(3), **{"cifar10 top": 93.5})


def test_mean_and_spread_are_over_seeds():
    table = summarise_ranking(measures(), {"b": "B", "a": "A"}, REPORTED)
    row = table[table.method == "a"].iloc[0]
    assert (row["mean"], row["seeds"]) == (pytest.approx(0.6), 2)
    assert row["std"] == pytest.approx(np.std([0.5, 0.7], ddof=1))
    assert (row["reported"], row["difference"]) == (0.4, pytest.approx(0.2))
    assert list(table.title) == ["B", "A"]


def test_a_measure_that_is_undefined_is_said_to_be():
    assert number_text(float("nan"), float("nan"), 3) == "undefined"
    assert number_text(0.5, float("nan"), 3) == "0.500"
    assert number_text(0.5, 0.01, 2) == "0.50 ± 0.01"


def test_a_search_is_summarised_by_its_most_frequent_answer():
    row = summarise_search(answers(), ["cifar10"], REPORTED).iloc[0]
    assert (row["architecture"], row["share"]) == ("A", pytest.approx(2 / 3))
    assert (row["runs"], row["seeds"]) == (3, 2)
    assert row["cifar10 mean"] == pytest.approx(92)
    assert row["difference"] == pytest.approx(-1)
    assert row["cifar10 top mean"] == 93.5


def test_the_search_table_has_both_answers_and_what_others_published():
    table = summarise_search(answers(), ["cifar10"], REPORTED)
    lines = search_markdown(table, ["cifar10"], top=10).splitlines()
    heads, ours, peer = ([cell.strip() for cell in lines[n].split("|")] for n in (0, 2, 3))
    assert "cifar10, best of top 10" in heads
    assert {"92.00 ± 1.73", "93.50 ± 0.00", "93.00", "-1.00"} <= set(ours)
    assert [cell for cell in peer if cell] == [
        "published", "peer (N=100)", "-", "-", "-", "92.50", "-", "-", "-"
    ]  # fmt: skip


def test_supernet_scores_stand_side_by_side():
    found = answers().assign(scorer="s", supernet=["mean", "best", "best"], tied=[0.0, 0.5, 0.25])
    table = summarise_supernets(found, ["cifar10"])
    assert list(table.supernet) == ["mean", "best"]
    assert list(table.tied) == [0, 0.375]
    assert "37.5%" in supernets_markdown(table, ["cifar10"])


def test_a_search_without_known_accuracies_says_where_its_answers_stand():
    found = answers().assign(above=[1.0, 0.9, 0.8], listed=[True, False, False], score=[1, 2, 3])
    row = summarise_standing(found).iloc[0]
    assert (row["architecture"], row["score"], row["listed"]) == ("A", 2, 1)
    text = standing_markdown(summarise_standing(found), "nasbench301", 1218)
    assert "90.0 ± 10.0" in text
    assert "the 1,218 architectures of nasbench301" in text
    assert "- x: `A`" in text


def test_claims_stand_beside_what_was_reproduced_and_unknown_ones_are_left_out():
    ranking = summarise_ranking(measures(), {"a": "A", "b": "B"}, REPORTED)
    claims = summarise_claims(ranking, summarise_search(answers(), ["cifar10"], REPORTED), REPORTED)
    assert list(claims.difference) == pytest.approx([0.2, -1])
    assert list(claims.n) == [9, 3]
    assert "+0.200" in claims_markdown(claims)


def test_a_sheet_of_reported_numbers_with_other_columns_is_refused(tmp_path):
    (tmp_path / "reported.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CorruptTableError, match="the columns must be table, method"):
        read_reported(tmp_path / "reported.csv")


def test_readme_blocks_are_replaced_and_nothing_else():
    text = "x\n<!-- begin t -->\nold\n<!-- end t -->\ny\n"
    once = with_tables(text, {"t": "new\n"})
    assert once == "x\n<!-- begin t -->\n\nnew\n\n<!-- end t -->\ny\n"
    assert with_tables(once, {"t": "new\n"}) == once


def test_a_readme_block_of_an_unknown_table_is_refused():
    with pytest.raises(ConfigError, match="no table 'u'; there are t"):
        with_tables("<!-- begin u --><!-- end u -->", {"t": ""})


@pytest.mark.parametrize("page", ["README.md", "docs/results.md"])
def test_a_page_shows_the_tables_of_the_last_full_reproduction(page):
    text, paper = (ROOT / page).read_text(), ROOT / "results/paper"
    tables = {path.stem: path.read_text() for path in paper.glob("*.md")}
    assert with_tables(text, tables) == text


def test_the_headline_names_every_method_once_and_tells_where_it_has_no_score():
    first = summarise_ranking(measures(), {"a": "A", "b": "B"}, REPORTED)
    second = summarise_ranking(measures().query("method == 'a'"), {"a": "another"}, REPORTED)
    found = headline({"nasbench201": first, "nasbench301": second}, 0.1)
    assert found.to_dict("records") == [
        {
            "Kendall tau": "A",
            "NB201 CIFAR-10": "0.600 ± 0.141",
            "NB301 CIFAR-10": "0.600 ± 0.141",
        },
        {"Kendall tau": "B", "NB201 CIFAR-10": "undefined", "NB301 CIFAR-10": "-"},
    ]


def test_the_headline_of_searches_has_one_searcher_of_each_scorer_and_no_oracle():
    given = [("s", "x"), ("s", "hybrid"), ("params", "exhaustive"), ("oracle_cifar10", "hybrid")]
    found = pd.concat(answers().assign(scorer=scorer, searcher=name) for scorer, name in given)
    rows = search_headline(summarise_search(found, ["cifar10"], REPORTED), ["cifar10"])
    assert rows[["scored by", "searcher"]].to_numpy().tolist() == [
        ["s", "hybrid"],
        ["params", "exhaustive"],
        ["published", "peer (N=100)"],
    ]
    assert not [name for name in rows if "best of top" in name]


def selection() -> pd.DataFrame:
    """Return two candidates of two seeds and an ensemble, ranked on two targets."""
    rows = [
        ("high", "one", 0, 0.8, 0.1), ("high", "one", 1, 0.4, 0.1),
        ("high", "other", 0, 0.6, 0.3), ("high", "other", 1, 0.6, 0.3),
        ("steady", "one", 0, 0.5, 0.2), ("steady", "one", 1, 0.5, 0.2),
        ("steady", "other", 0, 0.6, 0.0), ("steady", "other", 1, 0.6, 0.0),
        ("both", "one", 0, 0.9, 0.05), ("both", "other", 0, 0.7, 0.05),
    ]  # fmt: skip
    measures = pd.DataFrame(rows, columns=["candidate", "target", "seed", "kendall_tau", "top"])
    return summarise_selection(measures, ["steady"], ["high", "steady"])


def test_candidates_are_summarised_by_the_mean_over_targets_and_its_spread_over_seeds():
    table = selection().set_index("candidate")
    assert list(table.index) == ["both", "high", "steady"]
    assert table.loc["high", ["mean", "top", "one"]].tolist() == pytest.approx([0.6, 0.2, 0.6])
    assert table.loc["high", "std"] == pytest.approx(0.2 / 2**0.5)
    assert table.kind.tolist() == ["ensemble", "candidate", "candidate"]
    assert table.chosen.tolist() == [False, False, True]


def test_of_the_candidates_near_the_best_the_steadiest_leads_and_by_another_column_the_best():
    table = selection()
    single = table[table.kind == "candidate"]
    assert leading(single) == "steady"
    assert leading(single, "top") == "high"
    assert leading(table[table.kind == "ensemble"]) == "both"


def test_the_text_of_a_selection_marks_what_is_chosen_and_shows_the_best_share():
    text = selection_markdown(selection(), {"seeds": 2}, 0.1)
    assert "**steady** (chosen)" in text
    assert "top 10%" in text.splitlines()[0]
    assert text.index("steady") < text.index("both")  # ensembles stand below
