"""Tables of the comparison of training-free proxies: ranking, agreement, speed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.registry import GRAPH_PROXIES, NETWORK_PROXIES
from tgnas.results.style import benchmark_title, dataset_title
from tgnas.results.tables import UNKNOWN, correlation_text, number_text
from tgnas.scoring.samples import SCORED_BY_ALL

PLACE = ["benchmark", "inputs", "dataset"]
KEYS = ["method", *PLACE, "population"]
COSTS = ["failures", "milliseconds", "build", "batched"]
OWN_INPUTS = "cifar10"  # images that networks see unless the config names others
NEEDS = ("images", "labels", "backward")
TRAINED = "trained predictor"


def describe(method: str, titles: Mapping[str, str]) -> dict[str, Any]:
    """Return title, cost class, needs and certainty of a method, from its card if it has one."""
    if method in NETWORK_PROXIES.names():
        card = NETWORK_PROXIES.module(method).CARD
        about = {"title": card.title, "cost": card.cost, "certain": card.certain}
        return about | {need: need in card.needs.split(", ") for need in NEEDS}
    certain = True
    if method in GRAPH_PROXIES.names():
        card = GRAPH_PROXIES.module(method).CARD
        title, cost, certain = card.title, "counting", getattr(card, "certain", True)
    else:
        title, cost = titles.get(method, method), TRAINED
    return {"title": title, "cost": cost, "certain": certain} | dict.fromkeys(NEEDS, False)


def summarise_proxies(
    measures: pd.DataFrame, titles: Mapping[str, str], reported: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per method, benchmark, inputs (whose images), data set and population.

    Columns beside those: title, cost (class), certain, images, labels, backward (needed of the
    target); KT and SPR over all architectures and, with " top", inside the truly best share, each
    with std (over seeds), low and high (bootstrap interval over architectures); architectures,
    seeds, failures, milliseconds and build (medians of one architecture), batched, reported and
    difference (of KT, or of SPR where only that is known: see `reported_measure`).

    Args:
        measures: what ``measure_sample`` returns, with columns benchmark and inputs.
        titles: of the methods that have no card.
        reported: the numbers that others reported.
    """
    names = {"kendall_tau": "KT", "spearman_rho": "SPR"}
    chosen = measures[measures.name.isin(names)]
    label = chosen.name.map(names) + np.where(chosen.subset == "top", " top", "")
    groups = chosen.assign(label=label).groupby([*KEYS, "label"], sort=False)
    wide = groups.agg(
        mean=("value", "mean"), std=("value", "std"), low=("low", "mean"), high=("high", "mean")
    ).unstack("label")
    wide.columns = [f"{name} {part}".removesuffix(" mean") for part, name in wide.columns]
    everyone = chosen[chosen.subset == "all"].groupby(KEYS, sort=False)
    about = everyone.agg(
        architectures=("architectures", "first"),
        seeds=("seed", "nunique"),
        **{cost: (cost, "first") for cost in COSTS},
    )
    table = about.join(wide).reset_index()  # in the order of the measures
    table = _with_reported(table, reported)
    described = [{"method": m} | describe(m, titles) for m in table.method.unique()]
    table = table.merge(pd.DataFrame(described), on="method")
    order = {name: place for place, name in enumerate(measures.method.unique())}
    table = table.sort_values("method", key=lambda m: m.map(order), kind="stable")
    first = ["method", "title", "cost", "certain", *NEEDS]
    return table[[*first, *(c for c in table if c not in first)]].reset_index(drop=True)


def _with_reported(table: pd.DataFrame, reported: pd.DataFrame) -> pd.DataFrame:
    """Add what others reported on NAS-Bench-201, Kendall's tau before Spearman's rho."""
    claims = reported[reported.table == "proxies"].sort_values("measure", kind="stable")
    claims = claims.drop_duplicates(["method", "dataset"])
    claims = claims.assign(benchmark="nasbench201", inputs=OWN_INPUTS)
    claims = claims.rename(columns={"measure": "reported_measure", "source": "reported_source"})
    kept = ["method", *PLACE, "reported_measure", "reported", "reported_source"]
    table = table.merge(claims[kept], how="left", on=["method", *PLACE])
    ours = np.where(table.reported_measure == "spearman_rho", table.SPR, table.KT)
    return table.assign(difference=ours - table.reported)


def proxies_markdown(
    summary: pd.DataFrame, settings: Mapping[str, Any], ranking: Mapping[str, Any]
) -> str:
    """Return the comparison: tau, rho, inside the top, on common architectures, cost and needs."""
    own = summary[summary.population != SCORED_BY_ALL]
    common = summary[summary.population == SCORED_BY_ALL]
    share = f"{ranking['top_share']:.0%}"
    parts = [
        ("Kendall tau", _pivot(own, "KT", interval=True)),
        ("Spearman rho", _pivot(own, "SPR")),
        (f"Kendall tau inside the true top {share}", _pivot(own, "KT top", interval=True)),
        ("Kendall tau on the architectures on which no method fails", _pivot(common, "KT")),
        ("Cost and needs", _costs(own)),
        ("Beside published values (NAS-Bench-201)", _published(own)),
    ]
    sizes = ", ".join(
        f"{int(part.architectures.max()):,} of {_place_title(*place)}"
        for place, part in own.groupby(PLACE[:2], sort=False)
    )
    note = (
        f"Random samples: {sizes}. [{ranking['level']:.0%} bootstrap interval over architectures, "
        f"{ranking['resamples']} resamples]; ± is the standard deviation over seeds. Proxies of "
        f"networks see {settings['batch']} images, of CIFAR-10 where no other data set is named, "
        f"also where accuracy is on another; seed {settings['seed']}, initialisation "
        f"{settings['initialisation']}. An "
        "architecture on which a method fails is left out of its correlation and counted. "
        "Milliseconds are processor time of one core, each architecture alone, the median; "
        "`build` is making the network or parsing the cell. `batched` is time for each where all "
        "are scored at once, which only methods of cells can. † the formula is not certain.\n"
    )
    tables = [
        f"**{title}**\n\n{part.to_markdown(index=False, disable_numparse=True)}\n"
        for title, part in parts
    ]
    return "\n".join([*tables, note])


def _pivot(part: pd.DataFrame, measure: str, *, interval: bool = False) -> pd.DataFrame:
    rows = []
    for _, method in part.groupby("method", sort=False):
        row = {"method": _title(method.iloc[0])}
        for place, _ in part.groupby(PLACE, sort=False):
            here = method[(method[PLACE] == list(place)).all(axis=1)]
            row[_place_title(*place)] = (
                UNKNOWN if here.empty else _text(here.iloc[0], measure, interval)
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _text(row: pd.Series, measure: str, interval: bool) -> str:
    parts = {part: row[f"{measure} {part}"] for part in ("std", "low", "high")}
    return correlation_text(pd.Series({"mean": row[measure], **parts}), interval=interval)


def _title(row: pd.Series) -> str:
    return row["title"] + ("" if row["certain"] else " †")


def _place_title(benchmark: str, inputs: str, dataset: str = "") -> str:
    title = benchmark_title(benchmark)
    title += f" {dataset}" if dataset and benchmark == "nasbench201" else ""
    return title if inputs == OWN_INPUTS else f"{title}, {dataset_title(inputs)} images"


def _costs(own: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method: milliseconds and failures on each benchmark, needs."""
    rows = []
    for _, method in own.groupby("method", sort=False):
        first = method.iloc[0]
        row = {"method": _title(first), "work": first["cost"]}
        row |= {need: "yes" if first[need] else "no" for need in NEEDS}
        for place, _ in own.groupby(PLACE[:2], sort=False):
            title = _place_title(*place)
            here = method[(method[PLACE[:2]] == list(place)).all(axis=1)]
            if here.empty:
                row |= {f"{title} ms": UNKNOWN, f"{title} failures": UNKNOWN}
                continue
            of = here.iloc[0]
            costs = f"{significant(of['milliseconds'])} + {significant(of['build'])} build"
            if np.isfinite(of["batched"]):
                costs += f" ({significant(of['batched'])} batched)"
            row |= {f"{title} ms": costs, f"{title} failures": f"{of['failures']:.0f}"}
        rows.append(row)
    return pd.DataFrame(rows)


def _published(own: pd.DataFrame) -> pd.DataFrame:
    known = own[own.reported.notna()]
    names = {"kendall_tau": "KT", "spearman_rho": "SPR"}
    rows = []
    for _, row in known.iterrows():
        measure = names[row["reported_measure"]]
        rows.append(
            {
                "method": _title(row),
                "data set": row["dataset"],
                "measure": measure,
                "ours": number_text(row[measure], np.nan, 3),
                "published": f"{row['reported']:.3f}",
                "difference": f"{row['difference']:+.3f}",
                "source": row["reported_source"],
            }
        )
    return pd.DataFrame(rows)


def stored_markdown(found: pd.DataFrame, datasets: Sequence[str]) -> str:
    """Return how ours agree with what is stored, with the reason where they do not."""
    rows = []
    for _, row in found.iterrows():
        rho, required = row["spearman_rho"], row["required"]
        low = np.isfinite(rho) and rho < 0.95
        rows.append(
            {
                "proxy": row["proxy"] + (f", {row['component']}" if row["component"] else ""),
                "stored by": row["source"],
                "as": row["column"],
                "SPR with ours": f"{rho:.3f}" if np.isfinite(rho) else UNKNOWN,
                "architectures": row["architectures"],
                "wanted": f"{required:.2f}" if np.isfinite(required) else UNKNOWN,
                "why lower": (row["reason"] or "not known") if low else "",
                **{f"stored KT {name}": f"{row[f'tau_{name}']:.3f}" for name in datasets},
                "stored for": f"{row['stored']:,}",
            }
        )
    note = (
        "Spearman's rho between our score and the stored value of the same architectures of the "
        "sample; stored KT is Kendall's tau of the stored values themselves with test accuracy, on "
        "all architectures that they are stored for.\n"
    )
    return f"{pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)}\n\n{note}"


def median_costs(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return milliseconds and build of each method (the index): medians over its architectures."""
    medians = {name: table[["milliseconds", "build"]].median() for name, table in tables.items()}
    return pd.DataFrame(medians).T


def summarise_speed(
    summary: pd.DataFrame,
    costs: pd.DataFrame,
    setup: pd.DataFrame,
    benchmark: str,
    reference: str,
    queries: int,
) -> pd.DataFrame:
    """Return one row per method with its cost on a benchmark beside a reference predictor's.

    Columns: method, title, cost, milliseconds, build, total (of one architecture alone), batched;
    ratio and ratio_scoring (total, and milliseconds, over the reference's), ratio_batched (total
    over the reference's batched); search_seconds (queries x total), search_ratio; embedding,
    training, loading (seconds before the first score, of one seed; NaN: none).

    Args:
        summary: what ``summarise_proxies`` returns; it knows titles, kinds of work, batched costs.
        costs: what ``median_costs`` returns, of architectures that all methods were timed on in
            one go.
        setup: method, embedding, training, loading.
        benchmark: where.
        reference: a method of the summary.
        queries: architectures that a search scores.
    """
    here = (summary.benchmark == benchmark) & (summary.inputs == OWN_INPUTS)
    table = summary[here].drop_duplicates("method")[["method", "title", "cost", "batched"]]
    table = table.join(costs.loc[table.method, ["milliseconds", "build"]], on="method")
    table["total"] = table.milliseconds + table.build
    of = table.set_index("method").loc[reference]
    table["ratio"] = table.total / of["total"]
    table["ratio_scoring"] = table.milliseconds / of["milliseconds"]
    table["ratio_batched"] = table.total / of["batched"]
    table["search_seconds"] = queries * table.total / 1e3
    table = table.merge(setup, how="left", on="method")
    needed = setup.set_index("method").loc[reference].sum()
    own = table[["embedding", "training", "loading"]].sum(axis=1)
    before = queries * of["total"] / 1e3
    table["search_ratio"] = table.search_seconds / before
    table["search_ratio_with_setup"] = (table.search_seconds + own) / (before + needed)
    return table


def speed_markdown(
    table: pd.DataFrame, reported: pd.DataFrame, reference: str, queries: int
) -> str:
    """Return the ratios of cost, the most costly method first, and what the paper reports."""
    rows = []
    for _, row in table.sort_values("total", ascending=False, kind="stable").iterrows():
        rows.append(
            {
                "method": row["title"],
                "work": row["cost"],
                "ms per architecture": significant(row["total"]),
                "of it build": significant(row["build"]),
                "ratio": f"{significant(row['ratio'])}x",
                "ratio, scoring alone": f"{significant(row['ratio_scoring'])}x",
                "ratio to batched": f"{significant(row['ratio_batched'])}x",
                f"s per {queries:,} architectures": significant(row["search_seconds"]),
                "ratio with set-up": f"{significant(row['search_ratio_with_setup'])}x",
                **{
                    f"{step} (s)": significant(row[step])
                    for step in ("embedding", "training", "loading")
                },
            }
        )
    title = table.set_index("method").title[reference]
    claims = reported[reported.table == "speed"]
    lines = "".join(
        f"- reported {claim.measure}: {claim.reported:g} ({claim.source})\n"
        for claim in claims.itertuples()
    )
    note = (
        "Milliseconds are medians over architectures on which all methods were timed in one go, "
        f"each on one core. Ratios are to {title}; its batched cost is what each costs it "
        "where the whole sample is scored at once. `ratio with set-up` is of a whole search and "
        "counts the seconds of embedding, training and loading of one seed on both sides; training "
        "can be shared by all searches and set-up is counted nowhere else. Training's seconds are "
        "those of the run that trained.\n"
    )
    text = pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)
    return f"{text}\n\n{note}\n{lines}"


def significant(value: float) -> str:
    """Return a number to three significant digits, without an exponent; "-" for none."""
    if not np.isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    rounded = round(value, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{rounded:,.{digits}f}"
