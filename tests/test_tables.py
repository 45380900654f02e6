"""Tables: aggregation over seeds, what was reported beside it, README's blocks."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tgnas.errors import ConfigError, CorruptTableError
from tgnas.results import (
    claims,
    darts_search,
    headline,
    headline_search,
    partial_architectures,
    ranking,
    search,
    selection,
)
from tgnas.results._catalogue import given
from tgnas.results._readme import with_tables
from tgnas.results._tables import Code, Number, Shown, facts, markdown, mean_of, significant

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


EARLIER = pd.DataFrame(
    [("nasbench201", "b", "cifar10", "all", "all", "kendall_tau", 0.3, 0.01, 9, 5, "abc1234")],
    columns=[
        "benchmark", "method", "dataset", "population", "subset", "measure", "mean", "std",
        "architectures", "seeds", "commit",
    ],
)  # fmt: skip


def ranked(rows: pd.DataFrame, titles: dict[str, str], **families: str) -> pd.DataFrame:
    """Return the table of a ranking, with the numbers of others and of an earlier run."""
    return ranking.table(rows, titles, families, REPORTED, EARLIER)


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


def incumbents() -> pd.DataFrame:
    """Return three runs of one search, as look_up returns them."""
    shared = {"scorer": "s", "searcher": "x", "queries": 10, "distinct": 9, "seconds": 0.5}
    found = [("A", 0, 93.0), ("A", 0, 93.0), ("B", 1, 90.0)]
    rows = pd.DataFrame(found, columns=["architecture", "seed", "cifar10"])
    return rows.assign(**shared, run=range(3), **{"cifar10 top": 93.5})


def test_mean_and_spread_are_over_seeds():
    table = ranked(measures(), {"b": "B", "a": "A"})
    row = table[table.method == "a"].iloc[0]
    assert (row["mean"], row["seeds"]) == (pytest.approx(0.6), 2)
    assert row["std"] == pytest.approx(np.std([0.5, 0.7], ddof=1))
    assert (row["reported"], row["difference"]) == (0.4, pytest.approx(0.2))
    assert list(table.title) == ["B", "A"]


def test_a_row_of_an_earlier_run_has_its_numbers_and_its_commit_and_no_interval():
    rows = ranked(measures().query("method == 'a'"), {"a": "A", "b": "B"}, a="proxy", b="earlier")
    row = rows[rows.method == "b"].iloc[0]
    assert (row["mean"], row["seeds"], row["commit"]) == (0.3, 5, "abc1234")
    settings = {"top_share": 0.1, "at": [1]}
    text = markdown(ranking.show(rows[rows.measure == "kendall_tau"], settings, {}))
    assert "B [abc1234] |     5 |                0.300 ± 0.010 |" in text


def test_a_row_that_is_made_takes_nothing_from_an_earlier_run():
    assert ranked(measures(), {"a": "A", "b": "B"}).commit.isna().all()


def test_distinct_architectures_stand_before_all():
    every = measures()
    both = pd.concat([every, every.assign(population="unique", architectures=7)])
    blocks = ranking.show(ranked(both, {"a": "A", "b": "B"}), {"top_share": 0.1, "at": [1]}, {})
    assert [block.title for block in blocks[:2]] == [
        "One architecture per distinct live pattern (7)", "All 9 architectures",
    ]  # fmt: skip


def test_a_measure_that_is_undefined_is_said_to_be():
    assert str(Number(float("nan"))) == "undefined"
    assert str(Number(0.5)) == "0.500"
    assert str(Number(0.5, ".2f", 0.01)) == "0.50 ± 0.01"
    row = {"mean": 0.5, "std": np.nan, "low": 0.4, "high": 0.6}
    assert str(mean_of(row, interval=True)) == "0.500 [0.400, 0.600]"


def test_a_number_that_rounds_to_zero_has_no_sign():
    texts = [Number(value, "+.2f").text for value in (-0.001, 0.5, -0.5)]
    assert texts == ["0.00", "+0.50", "-0.50"]


def test_a_table_is_rendered_from_its_entries_and_a_missing_one_is_unknown():
    rows = [{"method": "a", "KT": Number(0.5, std=0.1)}, {"method": "b", "cell": Code("|x~0|")}]
    lines = [re.sub(" +", " ", t) for t in markdown([Shown(rows, "Title"), "A note."]).split("\n")]
    assert lines[0] == "**Title**" and lines[-2] == "A note."
    assert lines[4] == "| a | 0.500 ± 0.100 | - |"
    assert lines[5] == "| b | - | `\\|x~0\\|` |"


def test_the_best_of_a_column_is_no_row_that_saw_the_test_labels():
    taus, regrets = (0.3, 0.9, 0.5), (2.0, 0.0, 3.0)
    rows = [{"KT": Number(t), "regret": Number(r)} for t, r in zip(taus, regrets, strict=True)]
    table = Shown(rows, better={"KT": 1, "regret": -1}, marks=["", "leaked", ""])
    assert (table.best("KT"), table.best("regret")) == ({2}, {0})
    assert [table.is_numeric(name) for name in table.columns] == [True, True]


def test_a_tie_is_not_highlighted_as_best():
    better = {"KT": 1}
    rows = [{"KT": Number(value, ".3f")} for value in (0.1, 0.7001, 0.7002)]
    assert Shown(rows, better=better).best("KT") == set()
    assert Shown(rows[:2], better=better).best("KT") == {1}


def test_facts_are_text_but_for_real_numbers():
    shown = facts({"epochs": 5, "accuracy": 90.0, "architecture": Code("|x~0|")})
    assert [str(row["value"]) for row in shown.rows] == ["5", "90.00", "`\\|x~0\\|`"]


def test_a_search_is_summarised_by_its_most_frequent_incumbent():
    row = search.table(incumbents(), ["cifar10"], REPORTED).iloc[0]
    assert (row["architecture"], row["share"]) == ("A", pytest.approx(2 / 3))
    assert (row["runs"], row["seeds"]) == (3, 2)
    assert row["cifar10 mean"] == pytest.approx(92)
    assert row["difference"] == pytest.approx(-1)
    assert row["cifar10 top mean"] == 93.5


def test_the_search_table_has_both_incumbents_and_what_others_published():
    table = search.table(incumbents(), ["cifar10"], REPORTED)
    lines = markdown(search.show(table, ["cifar10"], {"s": "S"}, top=10)).splitlines()
    heads, ours, peer = ([cell.strip() for cell in lines[n].split("|")] for n in (0, 2, 3))
    assert "cifar10, best of top 10" in heads
    assert {"92.00 ± 1.73", "93.50 ± 0.00", "93.00", "-1.00"} <= set(ours)
    assert [cell for cell in peer if cell] == [
        "published", "peer (N=100)", "-", "-", "-", "92.50", "-", "-", "-"
    ]  # fmt: skip


def test_scores_of_partial_architectures_stand_side_by_side():
    runs = incumbents().assign(scorer="s", partial=["mean", "best", "best"], tied=[0.0, 0.5, 0.25])
    table = partial_architectures.summarise(runs, ["cifar10"])
    assert list(table.partial) == ["mean", "best"]
    assert list(table.tied) == [0, 0.375]
    shown = partial_architectures.show(table, {"datasets": ["cifar10"]}, {})
    assert "37.5%" in markdown(shown)


def test_a_search_without_known_accuracies_says_where_its_incumbents_stand():
    found = incumbents().assign(above=[1.0, 0.9, 0.8], listed=[True, False, False], score=[1, 2, 3])
    table = darts_search.summarise(found)
    row = table.iloc[0]
    assert (row["architecture"], row["score"], row["listed"]) == ("A", 2, 1)
    text = markdown(darts_search.show(table))
    assert "90.0 ± 10.0" in text
    assert "- x: `A`" in text


def test_claims_stand_beside_what_was_reproduced_and_unknown_ones_are_left_out():
    ranks = ranked(measures(), {"a": "A", "b": "B"})
    table = claims.table(ranks, search.table(incumbents(), ["cifar10"], REPORTED), REPORTED)
    assert list(table.difference) == pytest.approx([0.2, -1])
    assert list(table.n) == [9, 3]
    assert "+0.200" in markdown(claims.show(table, {}))


def test_a_claim_has_a_bar_to_the_side_on_which_it_lies():
    row = ["search", "a/hybrid", "cifar10", "accuracy", 93.75, 91.25, -2.5, 10, 2, "paper"]
    frame = pd.DataFrame([row], columns=list(claims.COLUMNS))
    (shown,) = claims.show(frame, {"a": "A"})[0].rows
    assert (shown["what"], shown["data set"]) == ("A: hybrid search", "CIFAR-10")
    assert shown["difference"].bar == -0.5


def test_a_sheet_of_reported_numbers_with_other_columns_is_refused(tmp_path):
    (tmp_path / "reported.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CorruptTableError, match="the columns must be table, method"):
        given(claims, {"reported": tmp_path / "reported.csv"}, {})


def test_an_input_and_a_parameter_of_one_name_are_refused():
    with pytest.raises(ConfigError, match="claims: titles is an input and a parameter"):
        given(claims, {"titles": "a.csv"}, {"titles": {}})


def test_readme_blocks_are_replaced_and_nothing_else():
    text = "x\n<!-- begin t -->\nold\n<!-- end t -->\ny\n"
    once = with_tables(text, {"t": "new\n"})
    assert once == "x\n<!-- begin t -->\n\nnew\n\n<!-- end t -->\ny\n"
    assert with_tables(once, {"t": "new\n"}) == once


def test_a_readme_block_of_an_unknown_table_is_refused():
    with pytest.raises(ConfigError, match="no table 'u'; there are t"):
        with_tables("<!-- begin u --><!-- end u -->", {"t": ""})


PAGES = [
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if "<!-- begin " in path.read_text()
]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_the_tables_of_the_last_full_reproduction(page):
    text, paper = (ROOT / page).read_text(), ROOT / "results/paper"
    tables = {path.stem: path.read_text() for path in paper.glob("*.md")}
    assert with_tables(text, tables) == text


def test_the_headline_names_every_method_once_and_tells_where_it_has_no_score():
    first = ranked(measures(), {"a": "A", "b": "B"})
    second = ranked(measures().query("method == 'a'"), {"a": "another"})
    frame = headline.table([first, second], ["a", "b"], ["nasbench201", "nasbench301"])
    shown = headline.show(frame)[0].rows
    assert [{name: str(entry) for name, entry in row.items()} for row in shown] == [
        {
            "Kendall tau": "A",
            "NB201 CIFAR-10": "0.600 ± 0.141",
            "NB301 CIFAR-10": "0.600 ± 0.141",
        },
        {"Kendall tau": "B", "NB201 CIFAR-10": "undefined", "NB301 CIFAR-10": "-"},
    ]


def test_the_headline_shows_distinct_architectures_first_where_they_are_fewer():
    first = ranked(measures(), {"a": "A", "b": "B"})
    distinct = first.assign(population="unique", mean=first["mean"] + 0.1)
    frame = headline.table([pd.concat([first, distinct])], ["a"], ["nasbench201"])
    (row,) = headline.show(frame)[0].rows
    assert list(row) == ["Kendall tau", "NB201 CIFAR-10, distinct", "NB201 CIFAR-10"]
    assert str(row["NB201 CIFAR-10, distinct"]) == "0.700 ± 0.141"


def test_the_headline_of_searches_has_one_searcher_of_each_scorer_and_no_oracle():
    given = [("s", "x"), ("s", "hybrid"), ("params", "exhaustive"), ("oracle_cifar10", "hybrid")]
    found = pd.concat(incumbents().assign(scorer=scorer, searcher=name) for scorer, name in given)
    searches = search.table(found, ["cifar10"], REPORTED)
    named = ["s", "params", "published"]
    rows = headline_search.table(searches, named, "hybrid", ["cifar10"])
    assert rows[["scorer", "searcher"]].to_numpy().tolist() == [
        ["s", "hybrid"],
        ["params", "exhaustive"],
        ["published", "peer (N=100)"],
    ]
    shown = markdown(headline_search.show(rows, ["cifar10"], {}))
    assert "best of top" not in shown


def candidates() -> pd.DataFrame:
    """Return two candidates of two seeds and an ensemble, ranked on two targets."""
    rows = [
        ("high", "one", 0, 0.8, 0.1), ("high", "one", 1, 0.4, 0.1),
        ("high", "other", 0, 0.6, 0.3), ("high", "other", 1, 0.6, 0.3),
        ("steady", "one", 0, 0.5, 0.2), ("steady", "one", 1, 0.5, 0.2),
        ("steady", "other", 0, 0.6, 0.0), ("steady", "other", 1, 0.6, 0.0),
        ("both", "one", 0, 0.9, 0.05), ("both", "other", 0, 0.7, 0.05),
    ]  # fmt: skip
    measures = pd.DataFrame(rows, columns=["candidate", "target", "seed", "kendall_tau", "top"])
    return selection.summarise(measures, ["steady"], ["high", "steady"])


def test_candidates_are_summarised_by_the_mean_over_targets_and_its_spread_over_seeds():
    table = candidates().set_index("candidate")
    assert list(table.index) == ["both", "high", "steady"]
    assert table.loc["high", ["mean", "top", "one"]].tolist() == pytest.approx([0.6, 0.2, 0.6])
    assert table.loc["high", "std"] == pytest.approx(0.2 / 2**0.5)
    assert table.kind.tolist() == ["ensemble", "candidate", "candidate"]
    assert table.chosen.tolist() == [False, False, True]


def test_of_the_candidates_near_the_best_the_steadiest_leads_and_by_another_column_the_best():
    table = candidates()
    single = table[table.kind == "candidate"]
    assert selection.leading(single) == "steady"
    assert selection.leading(single, "top") == "high"
    assert selection.leading(table[table.kind == "ensemble"]) == "both"


def test_the_text_of_a_selection_marks_what_is_chosen_and_shows_the_best_share():
    text = markdown(selection.show(candidates(), 0.1))
    assert "steady (chosen)" in text
    assert "top 10%" in text.splitlines()[0]
    assert text.index("steady") < text.index("both")  # ensembles stand below


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.5, "1,230"),
        (95.0, "95.0"),
        (0.0123456, "0.0123"),
        (0.0, "0"),
        (np.nan, "-"),
        (-1.5, "-1.50"),
    ],
)
def test_numbers_have_three_significant_digits(value, text):
    assert str(significant(value)) == text


def test_the_headline_has_no_population_of_its_own_for_what_some_methods_lack():
    first = ranked(measures(), {"a": "A", "b": "B"})
    parts = [first.assign(population=name) for name in ("unique", "all", "common")]
    frame = headline.table([pd.concat(parts)], ["a"], ["nasbench301"])
    (row,) = headline.show(frame)[0].rows
    assert list(row) == ["Kendall tau", "NB301 CIFAR-10"]
