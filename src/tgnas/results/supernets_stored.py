"""How well the released supernets of few-shot NAS rank NAS-Bench-201."""

from pathlib import Path
from typing import Any

import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.benchmarks.stored_supernets import FILES, read_supernet
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown, count

TITLE = "The released supernets of few-shot NAS"
SECTION = "Weight sharing"
PAGE = "supernets"
PLACE = 1
UNREAD = ("alone", "one_shot", "few_shot")
CAPTION = """
Accuracies of all architectures of NAS-Bench-201 with the weights of one supernet, and with those of
five sub-supernets, as released by Zhao et al. (ICML 2021); Kendall's tau with their own stand-alone
accuracies, which is what the paper reports, and with the benchmark's test accuracies on CIFAR-10.
Distinct: the first architecture of each live pattern.
"""
TITLES = {"one_shot": "one supernet", "few_shot": "five sub-supernets"}
COLUMNS = {
    "supernet": "`one_shot` or `few_shot`",
    "population": "`distinct` architectures or `all`",
    "architectures": "how many",
    "tau_alone": "Kendall's tau with the authors' stand-alone accuracies",
    "tau_benchmark": "Kendall's tau with the benchmark's test accuracies",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return how the benchmark's accuracy is measured."""
    return {"labels": {key: plan.labels()[key] for key in ("split", "epochs")}}


def inputs() -> dict[str, Any]:
    """Return the benchmark and the released tables."""
    files = {name: f"<resources>/{file}" for name, file in FILES.items()}
    return {"benchmark": "<benchmark_tables>/nasbench201.arrow", **files}


def table(
    benchmark: Benchmark, alone: Path, one_shot: Path, few_shot: Path, labels: dict[str, Any]
) -> pd.DataFrame:
    """Return one row for each table and population."""
    from tgnas.encodings.live import live_pattern  # their imports are slow
    from tgnas.evaluation.ranking import kendall_tau

    true = read_supernet(alone, benchmark)
    test = benchmark.accuracy(dataset="cifar10", **labels)
    distinct = live_pattern(benchmark.architectures).distinct()[0]
    rows = []
    for name, path in (("one_shot", one_shot), ("few_shot", few_shot)):
        shared = read_supernet(path, benchmark)
        for population, members in (("distinct", distinct), ("all", slice(None))):
            part = shared[members]
            taus = [kendall_tau(part, accuracies[members]) for accuracies in (true, test)]
            rows.append((name, population, len(part), *taus))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the taus of each supernet."""
    rows: list[dict[str, Entry]] = [
        {
            "supernet": TITLES[row.supernet],
            "population": row.population,
            "architectures": count(row.architectures),
            "KT with stand-alone": Number(row.tau_alone),
            "KT with NB201 CIFAR-10": Number(row.tau_benchmark),
        }
        for row in frame.itertuples()
    ]
    return [Shown(rows)]
