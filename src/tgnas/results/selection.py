"""What was tried for our own configuration, on targets that are no test space."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown, mean_of

TITLE = "Candidates on the development tasks"
SECTION = "How our configuration was chosen"
CAPTION = """
Candidate configurations on the development tasks: Kendall's tau on parts of NAS-Bench-101 that the
training cells lack (an operator, the largest size, the deepest cells, a direct edge from input to
output) and on other spaces; mean and standard deviation over {sizes[seeds]:seed}, and the mean
inside the truly best part of each. Ensembles stand below the candidates. Of the candidates within a
standard deviation of the best the steadiest is chosen, of the ensembles the best, and the best
inside that part. NAS-Bench-201 and NAS-Bench-301 take no part in any choice.
"""
COLUMNS = {
    "candidate": "name of the candidate or ensemble in the config",
    "kind": "`candidate`, or `ensemble` of several",
    "chosen": "whether it leads, by the rule",
    "mean": "mean over seeds of Kendall's tau, averaged over all targets",
    "std": "its standard deviation over seeds",
    "seeds": "trainings of each candidate and task",
    "top": (
        "mean over targets and seeds of Kendall's tau inside the truly best share of each, where "
        "that is at least 30"
    ),
    "TARGET": "Kendall's tau on that target, mean over seeds",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return sizes, candidates, ensembles and what was chosen."""
    section = plan.config.selection
    return {
        "labels": plan.config.training["nasbench101"].model_dump(),
        "sizes": section.model_dump(include={"tested", "seeds"}),
        "candidates": list(plan.config.candidates),
        "ensembles": _ensembles(plan),
        "chosen": section.chosen.model_dump(),
        "top_share": plan.config.ranking.top_share,
    }


def _ensembles(plan: Plan) -> list[dict[str, Any]]:
    """Return the ensembles of all rounds."""
    return [
        {"name": name, "over_seeds": part.over_seeds, "members": members}
        for part in plan.config.rounds
        for name, members in part.ensembles.items()
    ]


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the benchmarks of the tasks, and every candidate's scores."""
    section = plan.config.selection
    return {
        "source": "<benchmark_tables>/nasbench101.arrow",
        "others": [f"<benchmark_tables>/{other}.arrow" for other in section.others],
        "scores": [f"<results>/selection/{name}.parquet" for name in plan.config.candidates],
    }


def loaded(plan: Plan) -> list[str]:
    """Return the modules of the graph proxies among the members of ensembles."""
    from tgnas.registry import GRAPH_PROXIES

    members = {member for ensemble in _ensembles(plan) for member in ensemble["members"]}
    return [
        GRAPH_PROXIES.module_name(name) for name in sorted(members & set(GRAPH_PROXIES.names()))
    ]


def table(
    source: Benchmark,
    others: Sequence[Benchmark],
    scores: Sequence[Path],
    labels: dict[str, Any],
    sizes: dict[str, int],
    candidates: Sequence[str],
    ensembles: Sequence[dict[str, Any]],
    chosen: Mapping[str, str],
    top_share: float,
) -> pd.DataFrame:
    """Return one row per candidate, the best first; a warning says where another should lead."""
    from tgnas.evaluation.selection import measure_candidates
    from tgnas.scoring.transfer import development_tasks, read_transfer

    # Nothing is trained here, and what a task ranks does not depend on its training cells.
    tasks = development_tasks(source, others, labels, 1, sizes["tested"])
    targets = {name: target for task in tasks for name, target in task.targets.items()}
    of = {name: read_transfer(path) for name, path in zip(candidates, scores, strict=True)}
    summary = summarise(
        measure_candidates(targets, of, ensembles, top_share), list(chosen.values()), candidates
    )
    for place, name in chosen.items():
        kind, by = ("ensemble", "top") if place == "top" else (place, "mean")
        of_kind = summary[summary.kind == kind].dropna(subset=by)
        best = leading(of_kind, by) if len(of_kind) else name
        if best != name:
            logging.warning("%s leads here; the config has chosen %s", best, name)
    return summary


def summarise(measures: pd.DataFrame, chosen: Sequence[str], single: Sequence[str]) -> pd.DataFrame:
    """Return one row per candidate, the one with the highest mean tau first.

    Args:
        measures: candidate, target, seed, kendall_tau, top.
        chosen: the names that lead, by the config.
        single: the names of those that are no ensemble.
    """
    targets = list(measures.target.unique())
    of_seed = measures.pivot_table("kendall_tau", ["candidate", "seed"], "target", sort=False)
    overall = of_seed.mean(axis=1).groupby("candidate", sort=False)
    rows = pd.DataFrame({"mean": overall.mean(), "std": overall.std(), "seeds": overall.size()})
    rows["top"] = measures.groupby("candidate", sort=False).top.mean()
    rows = rows.join(of_seed.groupby("candidate", sort=False)[targets].mean()).reset_index()
    rows.insert(1, "kind", np.where(rows.candidate.isin(single), "candidate", "ensemble"))
    rows.insert(2, "chosen", rows.candidate.isin(chosen))
    return rows.sort_values("mean", ascending=False, kind="stable", ignore_index=True)


def leading(summary: pd.DataFrame, by: str = "mean") -> str:
    """Return what the rule chooses: of those near the highest mean the steadiest.

    Near are those within the standard deviation (over seeds) of the one with the highest mean.
    Where there is none, as for ensembles over seeds, and by another column the best leads.
    """
    best = summary.loc[summary[by].idxmax()]
    if by != "mean" or np.isnan(best["std"]):
        return str(best.candidate)
    near = summary[summary["mean"] >= best["mean"] - best["std"]]
    return str(near.loc[near["std"].idxmin()].candidate)


def show(frame: pd.DataFrame, top_share: float) -> list[Block]:
    """Return the candidates, then the ensembles, with their tau on every development target."""
    targets = list(frame.columns[frame.columns.get_loc("top") + 1 :])
    rows: list[dict[str, Entry]] = []
    for _, row in frame.sort_values("kind", kind="stable").iterrows():
        shown: dict[str, Entry] = {
            "candidate": row.candidate + (" (chosen)" if row.chosen else ""),
            "mean KT": mean_of(row),
            f"top {top_share:.0%}": Number(row.top),
        }
        rows.append(shown | {name.replace("_", " "): Number(row[name]) for name in targets})
    return [
        Shown(rows, better={"mean KT": 1}),
    ]
