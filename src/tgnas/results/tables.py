"""Tables from measures: CSV in full precision, Markdown rendered from it, nothing typed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tgnas.errors import CorruptTableError
from tgnas.results.style import benchmark_title, dataset_title

REPORTED = ["table", "method", "dataset", "measure", "reported", "source"]
KEYS = ["dataset", "population", "subset", "measure"]
UNKNOWN = "-"


def read_reported(path: Path) -> pd.DataFrame:
    """Return the numbers that others reported.

    Raises:
        CorruptTableError: the columns are not ``REPORTED``.
    """
    table = pd.read_csv(path)
    if list(table.columns) != REPORTED:
        raise CorruptTableError(f"{path}:1: the columns must be {', '.join(REPORTED)}")
    return table


def summarise_ranking(
    measures: pd.DataFrame, titles: dict[str, str], reported: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per method, data set, population, subset and measure.

    Columns beside those: title, mean and std over seeds (std is NaN for one seed), low and high
    (the bootstrap interval over architectures, its ends averaged over seeds), architectures,
    seeds, reported, difference (mean - reported). Methods stand in the order of `titles`.
    """
    measures = measures.rename(columns={"name": "measure"})
    groups = measures.groupby(["method", *KEYS], sort=False)
    table = groups.agg(
        mean=("value", "mean"),
        std=("value", "std"),
        low=("low", "mean"),
        high=("high", "mean"),
        architectures=("architectures", "first"),
        seeds=("seed", "nunique"),
    ).reset_index()
    table.insert(1, "title", table.method.map(titles))
    ours = reported[reported.table == "ranking"].drop(columns=["table", "source"])
    top = ours.measure.str.endswith("_top")
    ours = ours.assign(
        subset=np.where(top, "top", "all"),
        measure=ours.measure.str.removesuffix("_top"),
        population="all",
    )
    table = table.merge(ours, how="left", on=["method", *KEYS])
    table["difference"] = table["mean"] - table.reported
    order = {name: place for place, name in enumerate(titles)}
    return table.sort_values("method", key=lambda names: names.map(order), kind="stable")


def ranking_markdown(summary: pd.DataFrame, ranking: dict[str, Any]) -> str:
    """Return the ranking tables: all architectures, inside the top, distinct ones, the best k."""
    share = f"{ranking['top_share']:.0%}"
    first = summary[summary.population == "all"]
    parts = []
    for title, part in (
        ("All {n:,} architectures", first[first.subset == "all"]),
        (f"Inside the true top {share} ({{n:,}} architectures)", first[first.subset == "top"]),
        (
            "One architecture per distinct live pattern ({n:,})",
            summary[(summary.population == "unique") & (summary.subset == "all")],
        ),
    ):
        heading = title.format(n=int(part.architectures.iloc[0]))
        table = _correlations(part, ranking["datasets"])
        parts.append(f"**{heading}**\n\n{table.to_markdown(index=False)}\n")
    k = max(ranking["at"])
    parts.append(
        f"**The best {k} by score**\n\n{_of_k(first, ranking, k).to_markdown(index=False)}\n"
    )
    note = (
        f"Mean ± standard deviation over seeds [{ranking['level']:.0%} bootstrap interval over "
        f"architectures, {ranking['resamples']} resamples]; {ranking['split']} accuracy after "
        f"{ranking['epochs']} epochs; higher is better but for regret and rank.\n"
    )
    return "\n".join([*parts, note])


def headline(summaries: Mapping[str, pd.DataFrame], share: float) -> pd.DataFrame:
    """Return Kendall's tau of every method on all benchmarks, and inside the top, as text.

    Args:
        summaries: benchmark -> what ``summarise_ranking`` returns; methods stand in the order of
            the first one, and are called as there.
        share: what the top is.
    """
    taus = {
        benchmark: summary[(summary.measure == "kendall_tau") & (summary.population == "all")]
        for benchmark, summary in summaries.items()
    }
    rows = []
    titles = next(iter(summaries.values())).drop_duplicates("method")
    for method, title in zip(titles.method, titles.title, strict=True):
        row = {"Kendall tau": title}
        for subset, prefix in (("all", ""), ("top", f"top {share:.0%}, ")):
            for benchmark, tau in taus.items():
                for dataset, part in tau[tau.subset == subset].groupby("dataset", sort=False):
                    found = part[part.method == method]
                    place = f"{prefix}{benchmark_title(benchmark)} {dataset_title(str(dataset))}"
                    row[place] = (
                        correlation_text(found.iloc[0], interval=False) if len(found) else UNKNOWN
                    )
        rows.append(row)
    return pd.DataFrame(rows)


def _correlations(part: pd.DataFrame, datasets: Sequence[str]) -> pd.DataFrame:
    """Return Kendall's tau and Spearman's rho of every method, one column per data set."""
    names = {"kendall_tau": "KT", "spearman_rho": "SPR"}
    rows = []
    for title, method in part.groupby("title", sort=False):
        row: dict[str, Any] = {"method": title, "seeds": int(method.seeds.max())}
        for measure, short in names.items():
            for dataset in datasets:
                of = method[(method.measure == measure) & (method.dataset == dataset)].iloc[0]
                row[f"{short} {dataset}"] = correlation_text(of, interval=measure == "kendall_tau")
        rows.append(row)
    return pd.DataFrame(rows)


def _of_k(first: pd.DataFrame, ranking: dict[str, Any], k: int) -> pd.DataFrame:
    """Return precision, regret and true rank at k, one column each per data set."""
    names = {"precision_at_{}": "precision", "regret_at_{}": "regret", "rank_at_{}": "rank"}
    rows = []
    for title, method in first.groupby("title", sort=False):
        row: dict[str, Any] = {"method": title}
        for pattern, short in names.items():
            for dataset in ranking["datasets"]:
                of = method[
                    (method.measure == pattern.format(k)) & (method.dataset == dataset)
                ].iloc[0]
                digits = 0 if short == "rank" else 2
                row[f"{short}@{k} {dataset}"] = number_text(of["mean"], of["std"], digits)
        rows.append(row)
    return pd.DataFrame(rows)


def correlation_text(row: pd.Series, *, interval: bool) -> str:
    """Return "mean ± std [low, high]" to three digits; what is undefined is left out."""
    text = number_text(row["mean"], row["std"], 3)
    if interval and np.isfinite(row["low"]):
        text += f" [{row['low']:.3f}, {row['high']:.3f}]"
    return text


def number_text(mean: float, std: float, digits: int) -> str:
    """Return "mean ± std", or the mean alone where there is one seed."""
    if not np.isfinite(mean):
        return "undefined"
    spread = f" ± {std:.{digits}f}" if np.isfinite(std) else ""
    return f"{mean:.{digits}f}{spread}"


def summarise_claims(
    ranking: pd.DataFrame, search: pd.DataFrame, reported: pd.DataFrame
) -> pd.DataFrame:
    """Return every reported number with reproduced, difference, n and seeds beside it.

    n is the number of architectures of a ranking, of runs of a search.
    """
    rows = []
    for claim in reported.itertuples(index=False):
        found = _reproduced(claim, ranking, search)
        if found is None:
            continue
        value, count, seeds = found
        rows.append(
            {
                **claim._asdict(),
                "reproduced": value,
                "difference": value - claim.reported,
                "n": count,
                "seeds": seeds,
            }
        )
    columns = [*REPORTED[:-1], "reproduced", "difference", "n", "seeds", "source"]
    return pd.DataFrame(rows, columns=columns)


def _reproduced(
    claim: Any, ranking: pd.DataFrame, search: pd.DataFrame
) -> tuple[float, int, int] | None:
    """Return value, n and seeds of what a claim is about; None where this run has no such row."""
    if claim.table == "search":
        ours = search[search.runs.notna()]
        rows = ours[ours.scorer + "/" + ours.searcher == claim.method]
        column = "seconds" if claim.measure == "seconds" else f"{claim.dataset} mean"
        if rows.empty or column not in rows:
            return None
        return float(rows[column].iloc[0]), int(rows.runs.iloc[0]), int(rows.seeds.iloc[0])
    rows = ranking[
        (ranking.method == claim.method)
        & (ranking.dataset == claim.dataset)
        & (ranking.population == "all")
        & (ranking.subset == ("top" if claim.measure.endswith("_top") else "all"))
        & (ranking.measure == claim.measure.removesuffix("_top"))
    ]
    if rows.empty:
        return None
    row = rows.iloc[0]
    return float(row["mean"]), int(row.architectures), int(row.seeds)


def claims_markdown(claims: pd.DataFrame) -> str:
    """Return the claims as a table."""
    shown = claims.fillna({"dataset": UNKNOWN})
    digits = {"reported": ".4g", "reproduced": ".4g", "difference": "+.3f"}
    for column, form in digits.items():
        shown[column] = [format(value, form) for value in shown[column]]
    return shown.to_markdown(index=False, disable_numparse=True) + "\n"


def summarise_selection(
    measures: pd.DataFrame, chosen: Sequence[str], single: Sequence[str]
) -> pd.DataFrame:
    """Return one row per candidate, the one with the highest mean tau first.

    Columns: candidate, kind (candidate, or ensemble of several), chosen, mean and std (over
    seeds, of the mean over all targets), seeds, top (mean tau inside each target's best share), and
    the mean tau of each target.

    Args:
        measures: candidate, target, seed, kendall_tau, top.
        chosen: the names that lead, by the config.
        single: the names of those that are no ensemble.
    """
    targets = list(measures.target.unique())
    of_seed = measures.pivot_table("kendall_tau", ["candidate", "seed"], "target", sort=False)
    overall = of_seed.mean(axis=1).groupby("candidate", sort=False)
    table = pd.DataFrame({"mean": overall.mean(), "std": overall.std(), "seeds": overall.size()})
    table["top"] = measures.groupby("candidate", sort=False).top.mean()
    table = table.join(of_seed.groupby("candidate", sort=False)[targets].mean()).reset_index()
    kinds = np.where(table.candidate.isin(single), "candidate", "ensemble")
    table.insert(1, "kind", kinds)
    table.insert(2, "chosen", table.candidate.isin(chosen))
    return table.sort_values("mean", ascending=False, kind="stable", ignore_index=True)


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


def selection_markdown(summary: pd.DataFrame, sizes: dict[str, int], top_share: float) -> str:
    """Return the candidates, then the ensembles, with their tau on every development target."""
    targets = list(summary.columns[summary.columns.get_loc("top") + 1 :])
    summary = summary.sort_values("kind", kind="stable")
    marked = "**" + summary.candidate + "** (chosen)"
    pairs = summary[["mean", "std"]].to_numpy()
    rows = pd.DataFrame(
        {
            "candidate": np.where(summary.chosen, marked, summary.candidate),
            "mean KT": [f"{m:.3f}" + ("" if np.isnan(s) else f" ± {s:.3f}") for m, s in pairs],
            f"top {top_share:.0%}": summary.top.map("{:.3f}".format),
            **{
                target.replace("_", " "): summary[target].map("{:.3f}".format) for target in targets
            },
        }
    )
    note = (
        f"Kendall's tau on development targets; {sizes['seeds']} seeds; ± is the standard "
        f"deviation over seeds; top {top_share:.0%} is the mean tau inside the truly best part of "
        "each target. Ensembles stand below the candidates. Of the candidates within a standard "
        "deviation of the best the steadiest is chosen, of the ensembles the best, and the best "
        "inside that part. No test space takes part.\n"
    )
    return f"{rows.to_markdown(index=False)}\n\n{note}"
