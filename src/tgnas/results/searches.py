"""Tables of searches: what was found, under which limits, on which Pareto fronts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.results.tables import UNKNOWN, number_text


def summarise_search(
    answers: pd.DataFrame, datasets: Sequence[str], reported: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per scorer and searcher.

    Columns: scorer, searcher, seeds (of the scorer), runs (all seeds together), architecture (the
    most frequent answer), share (of the runs that gave it), queries, distinct, seconds (mean per
    run), and for each data set mean and std over runs, of the answer and, with "top", of the best
    of the run's top ones by validation accuracy; then reported and difference of the first data
    set, where someone reported it. What others published of searches that are none of ours stands
    in rows of its own, scorer "published".
    """
    rows = []
    for (scorer, searcher), runs in answers.groupby(["scorer", "searcher"], sort=False):
        counts = runs.architecture.value_counts()
        row: dict[str, Any] = {
            "scorer": scorer,
            "searcher": searcher,
            "seeds": runs.seed.nunique(),
            "runs": len(runs),
            "architecture": counts.index[0],
            "share": counts.iloc[0] / len(runs),
            "queries": runs.queries.mean(),
            "distinct": runs.distinct.mean(),
            "seconds": runs.seconds.mean(),
        }
        for dataset in datasets:
            for column in (dataset, f"{dataset} top"):
                row[f"{column} mean"] = runs[column].mean()
                row[f"{column} std"] = runs[column].std()
        rows.append(row)
    table = pd.DataFrame(rows)
    claims = reported[(reported.table == "search") & (reported.measure == "accuracy")]
    known = claims[claims.dataset == datasets[0]].set_index("method").reported
    table["reported"] = (table.scorer + "/" + table.searcher).map(known)
    table["difference"] = table[f"{datasets[0]} mean"] - table.reported
    published = claims[claims.method.str.startswith("published/")].pivot_table(
        "reported", "method", "dataset", sort=False
    )
    others = published.reindex(columns=datasets).add_suffix(" mean").reset_index()
    others[["scorer", "searcher"]] = others.pop("method").str.split("/", n=1, expand=True)
    whole = {"seeds": "Int64", "runs": "Int64"}  # none where others published
    return pd.concat([table, others], ignore_index=True).astype(whole)


def search_markdown(summary: pd.DataFrame, datasets: Sequence[str], top: int) -> str:
    """Return the search table: test accuracy (percent) of the answers, queries, seconds.

    Args:
        summary: what ``summarise_search`` returns.
        datasets: in the order of the columns.
        top: how many of a run's best-scored are chosen among by validation accuracy.
    """
    rows = [_search_row(row, datasets, top) for _, row in summary.iterrows()]
    note = (
        "Test accuracy in percent, mean ± standard deviation over runs: of the one architecture "
        f"that a run returns, which no label has chosen, and of the one among its {top} "
        "best-scored that has the highest validation accuracy. Only `validation` and the oracles "
        "have labels of the target for scores: `validation` is random search among architectures "
        "that it trains; an oracle scores by the test accuracy of the data set that it is named "
        "after, which is the ceiling of a searcher and no result. Seconds are a search's own; "
        "those of the predictors include their scoring, all other scores are looked up. "
        "`published` rows are others' numbers.\n"
    )
    table = pd.DataFrame(rows).fillna(UNKNOWN)
    return f"{table.to_markdown(index=False, disable_numparse=True)}\n\n{note}"


def search_headline(summary: pd.DataFrame, datasets: Sequence[str]) -> pd.DataFrame:
    """Return the search table's rows of one searcher for each scorer, as text.

    The paper's hybrid where it was run, else the only searcher of a scorer; no oracle.
    """
    kept = summary[~summary.scorer.str.startswith("oracle_")]
    hybrid = kept.groupby("scorer", sort=False).searcher.transform(
        lambda names: "hybrid" if "hybrid" in set(names) else ""
    )
    kept = kept[(hybrid == "") | (kept.searcher == "hybrid")]
    rows = pd.DataFrame([_search_row(row, datasets, 0) for _, row in kept.iterrows()])
    rows = rows[[name for name in rows if "best of top" not in name]]
    return rows.fillna(UNKNOWN)


def _search_row(row: pd.Series, datasets: Sequence[str], top: int) -> dict[str, str]:
    text = {"scored by": row["scorer"], "searcher": row["searcher"]}
    if row["scorer"] == "published":
        means = {dataset: row[f"{dataset} mean"] for dataset in datasets}
        return text | {name: f"{mean:.2f}" for name, mean in means.items() if np.isfinite(mean)}
    text |= {
        "seeds x runs": f"{row['seeds']:.0f} x {row['runs'] / row['seeds']:.0f}",
        "queries (distinct)": f"{row['queries']:.0f} ({row['distinct']:.0f})",
        "seconds": f"{row['seconds']:.3f}",
    }
    for dataset in datasets:
        text[dataset] = number_text(row[f"{dataset} mean"], row[f"{dataset} std"], 2)
    for dataset in datasets:
        best = number_text(row[f"{dataset} top mean"], row[f"{dataset} top std"], 2)
        text[f"{dataset}, best of top {top}"] = best
    if np.isfinite(row["reported"]):
        text[f"reported {datasets[0]}"] = f"{row['reported']:.2f}"
        text["difference"] = f"{row['difference']:+.2f}"
    return text


def summarise_standing(found: pd.DataFrame) -> pd.DataFrame:
    """Return one row per searcher of a space whose architectures have no known accuracy.

    Columns: searcher, seeds, runs, architecture (the best-scored answer of the first seed), its
    score, queries, distinct, seconds (means over runs), above (mean and std over runs of the share
    of listed architectures that score lower), listed (how many answers are listed themselves).
    """
    groups = found.groupby("searcher", sort=False)
    best = found[found.seed == 0].sort_values("score", ascending=False, kind="stable")
    first = best.drop_duplicates("searcher").set_index("searcher")[["architecture", "score"]]
    table = groups.agg(
        seeds=("seed", "nunique"),
        runs=("run", "size"),
        queries=("queries", "mean"),
        distinct=("distinct", "mean"),
        seconds=("seconds", "mean"),
        above=("above", "mean"),
        above_std=("above", "std"),
        listed=("listed", "sum"),
    )
    return table.join(first).reset_index()


def standing_markdown(summary: pd.DataFrame, benchmark: str, architectures: int) -> str:
    """Return the searches of a space whose architectures have no known accuracy."""
    shown = summary[["searcher"]].copy()
    shown["seeds x runs"] = [f"{s} x {r // s}" for s, r in summary[["seeds", "runs"]].to_numpy()]
    pairs = summary[["queries", "distinct"]].to_numpy()
    shown["queries (distinct)"] = [f"{queries:.0f} ({some:.0f})" for queries, some in pairs]
    shown["seconds"] = summary.seconds.map("{:.2f}".format)
    shares = 100 * summary[["above", "above_std"]].to_numpy()
    shown["scored above (%)"] = [number_text(mean, std, 1) for mean, std in shares]
    shown["listed"] = summary.listed
    note = (
        f"Scored above: the share of the {architectures:,} architectures of {benchmark} that the "
        "same predictor scores lower than the answer, mean ± standard deviation over runs. Listed: "
        "answers that are among them; of no other answer is an accuracy known here.\n"
    )
    lines = (f"- {row.searcher}: `{row.architecture}`" for row in summary.itertuples())
    best = "Best-scored answers of the first seed:\n\n" + "\n".join(lines)
    return f"{shown.to_markdown(index=False)}\n\n{note}\n{best}\n"


def summarise_supernets(found: pd.DataFrame, datasets: Sequence[str]) -> pd.DataFrame:
    """Return one row per scorer and supernet score of pruning.

    Columns: scorer, supernet, seeds, runs, tied (mean share of operators of the full supernet that
    the score cannot tell from another of their edge), and each data set's mean and std.
    """
    groups = found.groupby(["scorer", "supernet"], sort=False)
    columns = {"seeds": ("seed", "nunique"), "runs": ("run", "size"), "tied": ("tied", "mean")}
    for dataset in datasets:
        columns |= {f"{dataset} {name}": (dataset, name) for name in ("mean", "std")}
    return groups.agg(**columns).reset_index()


def supernets_markdown(summary: pd.DataFrame, datasets: Sequence[str]) -> str:
    """Return the comparison of supernet scores."""
    shown = summary[["scorer", "supernet", "seeds", "runs"]].copy()
    shown["operators tied"] = summary.tied.map("{:.1%}".format)
    for dataset in datasets:
        pairs = summary[[f"{dataset} mean", f"{dataset} std"]].to_numpy()
        shown[dataset] = [number_text(mean, std, 2) for mean, std in pairs]
    note = (
        "Pruning with two scores of a supernet, from the same completions: their mean, and the "
        "best of them. Tied: operators of the full supernet whose removal costs exactly what "
        "another's on that edge does. Test accuracy of the answer in percent, mean ± standard "
        "deviation over runs.\n"
    )
    return f"{shown.to_markdown(index=False)}\n\n{note}"


def summarise_limits(answers: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Return one row per cost, limit, scorer and searcher.

    Columns: cost, share, limit, scorer, searcher, seeds, runs, kept (share of the answers that keep
    the limit), value (mean cost of the answers), mean and std (of their test accuracy, percent).
    """
    answers = answers.assign(kept=answers.value <= answers.limit)
    answers = answers.sort_values(["cost", "share"], kind="stable")
    groups = answers.groupby(["cost", "share", "limit", "scorer", "searcher"], sort=False)
    return groups.agg(
        seeds=("seed", "nunique"),
        runs=("run", "size"),
        kept=("kept", "mean"),
        value=("value", "mean"),
        mean=(dataset, "mean"),
        std=(dataset, "std"),
    ).reset_index()


def limits_markdown(summary: pd.DataFrame, dataset: str) -> str:
    """Return the searches under limits."""
    shown = summary[["cost", "scorer", "searcher"]].copy()
    limits = zip(summary.share, summary.limit, strict=True)
    shown.insert(1, "limit", [f"{limit:.4g} (cheapest {share:.0%})" for share, limit in limits])
    shown["seeds x runs"] = [f"{s} x {r // s}" for s, r in summary[["seeds", "runs"]].to_numpy()]
    shown["kept"] = summary.kept.map("{:.0%}".format)
    shown["cost of the answer"] = summary.value.map("{:.4g}".format)
    pairs = summary[["mean", "std"]].to_numpy()
    shown[dataset] = [number_text(mean, std, 2) for mean, std in pairs]
    note = (
        "Searches that no architecture above the limit may win. Kept: answers within the limit. "
        f"Test accuracy on {dataset} in percent, mean ± standard deviation over runs; parameters "
        "as numbers, FLOPs in millions, latency in milliseconds (HW-NAS-Bench).\n"
    )
    return f"{shown.to_markdown(index=False)}\n\n{note}"


def pareto_markdown(fronts: pd.DataFrame, dataset: str) -> str:
    """Return a summary of Pareto fronts: members, their accuracy, what a true front has more."""
    rows = []
    for (cost, scorer), members in fronts.groupby(["cost", "scorer"], sort=False):
        of_seed = members.groupby("seed")
        regret, true = of_seed.regret.mean(), of_seed.regret.agg(lambda each: (each == 0).mean())
        row: dict[str, Any] = {"cost": cost, "scored by": scorer, "seeds": len(regret)}
        row["members"] = f"{of_seed.size().mean():.0f}"
        row["of the true front"] = f"{true.mean():.0%}"
        row["mean regret"] = number_text(regret.mean(), regret.std(), 2)
        row["largest regret"] = f"{members.regret.max():.2f}"
        rows.append(row)
    note = (
        "Members: architectures that none beats in score and cost. Regret: how many points of "
        f"test accuracy on {dataset} the best architecture that costs no more has above a member; "
        "mean ± standard deviation over seeds of the mean over members.\n"
    )
    return f"{pd.DataFrame(rows).to_markdown(index=False)}\n\n{note}"
