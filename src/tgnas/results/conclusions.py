"""What the rankings say, in sentences whose numbers and verdicts are read from the tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, mean_of
from tgnas.results.differences import difference

TITLE = "What the rankings say"
SECTION = "Reported and reproduced"
MADE_BY = "readme"
PLACE = 2
CAPTION = """
A difference is of mean taus, with the {level:.0%} interval of paired resamples of live patterns and
of seeds; it tells two methods apart where the interval lacks 0.
"""
COLUMNS = {
    "place": "of the sentence",
    "sentence": "as README shows it",
}
BENCHMARK = "nasbench201"
BETTER, WORSE, ALIKE = "better", "worse", "not told apart from"


def params(plan: Plan) -> dict[str, Any]:
    """Return whom the sentences are about."""
    return {
        "names": plan.config.headline.model_dump(mode="json"),
        "titles": plan.all_titles,
        "level": plan.config.ranking.level,
    }


def inputs() -> dict[str, Any]:
    """Return the ranking of NAS-Bench-201 and the differences."""
    tables = "<results>/tables"
    return {
        "ranking": f"{tables}/ranking_{BENCHMARK}.csv",
        "differences": f"{tables}/differences.csv",
    }


def table(
    ranking: pd.DataFrame,
    differences: pd.DataFrame,
    names: Mapping[str, Any],
    titles: Mapping[str, str],
) -> pd.DataFrame:
    """Return one sentence a row; one that the tables have no number for is left out."""
    taus = ranking[(ranking.measure == "kendall_tau") & (ranking.subset == "all")]
    known = _Tables(taus, differences, titles)
    published, ours, joined = names["published"], names["ours"], names["joined"]
    counting = "complexity_baseline"
    sentences = [
        known.against(published, names["baseline"], "**The published predictor**, last epoch,"),
        known.leaked(published),
        known.against(ours, counting, "**Our network alone**"),
        known.elsewhere(ours, "nasbench301", ("params", "complexity_params", "nwot")),
        known.side_by_side(joined, counting),
        known.against(
            "ensemble_gcn_topology_params",
            counting,
            "**The ensemble of GCN, topology and effective #params**",
        ),
        known.before("first_choice", "first_choice_joined", "tgnas_canonical_labels_alone"),
    ]
    rows = [sentence for sentence in sentences if sentence]
    return pd.DataFrame({"place": range(1, len(rows) + 1), "sentence": rows})


class _Tables:
    """What sentences quote."""

    def __init__(
        self, taus: pd.DataFrame, differences: pd.DataFrame, titles: Mapping[str, str]
    ) -> None:
        self.taus, self.titles = taus, titles
        self.differences = differences[differences.benchmark == BENCHMARK]
        self.others = differences[differences.benchmark != BENCHMARK]

    def means(self, method: str, population: str = "unique") -> str:
        """Return a method's taus on all data sets."""
        own = self.taus[(self.taus.method == method) & (self.taus.population == population)]
        return " / ".join(mean_of(row).text for _, row in own.iterrows())

    def has(self, *methods: str) -> bool:
        """Tell whether all of these were ranked."""
        return set(methods) <= set(self.taus.method)

    def against(self, first: str, second: str, subject: str) -> str:
        """Return how one method ranks beside another: on distinct architectures, then on all."""
        pair = (self.differences["first"] == first) & (self.differences["second"] == second)
        own = self.differences[pair]
        if own.empty:
            return ""
        parts = [
            f"on {where} {_verdicts(own[own.population == population])}"
            for population, where in (("unique", "distinct architectures"), ("all", "all"))
        ]
        return f"{subject} beside *{self.titles[second]}*: {'; '.join(parts)}."

    def elsewhere(self, first: str, benchmark: str, seconds: Sequence[str]) -> str:
        """Return how one method ranks another benchmark beside several."""
        parts = []
        own = self.others[(self.others.benchmark == benchmark) & (self.others["first"] == first)]
        for second in seconds:
            rows = own[own.second == second]
            if len(rows):
                row = rows.sort_values("population", key=lambda p: p != "unique").iloc[0]
                number = difference(row)
                verdict = {BETTER: "better than", WORSE: "worse than"}.get(_verdict(row), ALIKE)
                parts.append(f"{verdict} *{self.titles[second]}* ({number})")
        if not parts:
            return ""
        return f"On {style.benchmark_name(benchmark)} it is {', '.join(parts)}."

    def leaked(self, published: str) -> str:
        """Return what the epoch of the best test tau shows."""
        other = f"{published}_leaked"
        if not self.has(published, other):
            return ""
        return (
            "Choosing its epoch by the test labels, as the released script does, shows "
            f"{self.means(other)} on distinct architectures in place of {self.means(published)}."
        )

    def side_by_side(self, first: str, second: str) -> str:
        """Return the taus of two methods of which no difference was measured."""
        pair = (self.differences["first"] == first) & (self.differences["second"] == second)
        if not self.has(first, second):
            return ""
        if pair.any():
            return self.against(first, second, "**The ensemble that the development rule chose**")
        return (
            f"**The ensemble that the development rule chose** (*{self.titles[first]}*) had "
            f"{self.means(first)} on distinct architectures and {self.means(first, 'all')} on all "
            f"in an earlier run; *{self.titles[second]}* has {self.means(second)} and "
            f"{self.means(second, 'all')}. No interval of their difference is known."
        )

    def before(self, alone: str, joined: str, unaided: str) -> str:
        """Return what was known before labels were seen, and what depends on having seen them."""
        if not self.has(alone, joined, unaided):
            return ""
        return (
            f"**Before any label of NAS-Bench-201 was seen** our network had {self.means(alone)} "
            f"alone and {self.means(joined)} joined with effective #params on distinct "
            f"architectures ({self.means(alone, 'all')} and {self.means(joined, 'all')} on all). "
            "The auxiliary target was adopted after its source had been seen to rank this space "
            f"well; without it our network has {self.means(unaided)} "
            f"({self.means(unaided, 'all')})."
        )


def _verdict(row: Any) -> str:
    """Return what an interval says."""
    return BETTER if row.low > 0 else WORSE if row.high < 0 else ALIKE


def _verdicts(rows: pd.DataFrame) -> str:
    """Return the verdict of each data set, with the difference."""
    grouped: dict[str, list[str]] = {}
    for _, row in rows.iterrows():
        text = f"{style.dataset_title(row.dataset)} {difference(row)}"
        grouped.setdefault(_verdict(row), []).append(text)
    return ", ".join(
        f"{verdict.removesuffix(' from')} ({', '.join(texts)})"
        for verdict, texts in grouped.items()
    )


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the sentences as a list."""
    return ["\n".join(f"- {sentence}" for sentence in frame.sentence)]
