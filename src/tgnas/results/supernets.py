"""Weight sharing: how well supernets rank the architectures whose stand-alone accuracy is known."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tgnas.benchmarks.base import Benchmark
from tgnas.errors import number_of
from tgnas.registry import GRAPH_PROXIES, SUPERNETS
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown
from tgnas.workflow.populations import SUPERNET_POPULATION

UNREAD = ("population",)
TITLE = "Weight sharing beside stand-alone training"
SECTION = "Weight sharing"
PAGE = "supernets"
CAPTION = """
Supernets of every method, trained on the {images} images of {benchmark} and asked for its
{architectures} NAS-Bench-201 architectures: Kendall's tau with the accuracy of the same small
networks trained alone ({epochs:epoch}: digits-bench), with that of {long_networks} of them trained
for {long_epochs:epoch}, as supernets are, and with NAS-Bench-201's test accuracy on CIFAR-10,
which no method has seen; of distinct architectures, mean and standard deviation over {seeds:seed}.
"top": inside the truly best {top:.0%}, which of the {long_networks} are too few for a tau.
"rank": of the best-scored architecture. "agreement": of two seeds. "derived": NAS-Bench-201's
CIFAR-10 accuracy of the architecture that a method derives, with the least and the most of its
seeds; a bound on flops is in millions, of the benchmark's network. "seconds": of one seed's
training on one core of a machine that did other work too. Settings were chosen on the validation
accuracies of {benchmark}, but for those of the searches that are said to be longer. Channels
{channels}, {layers} cell a stage; epochs as the config says.
"""
FIGURE_TITLE = "Skips in the derived architecture"
FIGURE_CAPTION = """
Share of skip connections among the operators other than "none" of the architecture that a mixture
of operators would derive after each epoch; one line for each seed.
"""
ACROSS = 4  # panels of a row
NASBENCH201: dict[str, Any] = {"dataset": "cifar10", "split": "test", "epochs": 200}
TRUTHS = {
    "alone": "trained alone",
    "long": "trained alone for long",
    "nasbench201": "NB201 CIFAR-10",
}
COLUMNS = {
    "method": "a file of tgnas.methods.supernets, or what stands beside them",
    "title": "how tables call it",
    "sharing": "whether it is a supernet",
    **{
        f"{truth}_{measure}{spread}": text + (", standard deviation over seeds" if spread else "")
        for truth, about in TRUTHS.items()
        for measure, text in {
            "tau": f"Kendall's tau, {about}, all",
            "tau_distinct": f"Kendall's tau, {about}, distinct",
            "tau_top": f"Kendall's tau, {about}, inside the truly best share of the distinct where "
            "that is at least 30",
        }.items()
        for spread in ("", "_std")
    },
    **{f"{truth}_rank": f"true rank of the pick, {about}" for truth, about in TRUTHS.items()},
    "agreement": "mean Kendall's tau of two seeds",
    "derived": "accuracy of the derived architecture, percent, mean over seeds",
    "derived_least": "the least of the seeds",
    "derived_most": "the most of the seeds",
    "seconds": "training of one seed, wall time",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return what was trained, and on what."""
    section, recipe = plan.config.supernets, plan.config.recipes["supernets"]
    return {
        "methods": list(section.methods),
        "files": plan.config.supernet_methods,
        "own": {name: dict(section.own.get(name, {})) for name in section.methods},
        "titles": plan.all_titles,
        "benchmark_labels": section.labels.model_dump(mode="json"),
        "benchmark": section.benchmark,
        "images": f"{recipe.train_images} training" if recipe.train_images else "training",
        "architectures": f"{section.architectures:,}",
        "epochs": section.labels.epochs,
        "long_epochs": plan.config.recipes["digits_long"].epochs,
        "long_networks": plan.config.digits_long.architectures.kept,
        "seeds": section.seeds,
        "top": plan.config.ranking.top_share,
        "channels": section.settings.get("channels", 16),
        "layers": section.settings.get("layers", 8),
    }


def titles_of(files: Mapping[str, str], own: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return how every method is called: its card's title, and what its own settings change.

    Epochs are said of what is trained longer than another entry of the same file.
    """
    titles, least = {}, dict[str, int]()
    for name, method in files.items():
        epochs = own[name].get("epochs", 0)
        least[method] = min(least.get(method, epochs), epochs)
    for name, method in files.items():
        title, own_keys = SUPERNETS.module(method).CARD.title, own[name]
        if own_keys.get("contest", 1) > 1 or own_keys.get("split") == "prior":
            title += ", started from TG-NAS"
        elif own_keys.get("temperature") == 0:
            title += ", no noise"
        elif own_keys.get("order"):
            title += f", {own_keys['order']} order"
        elif own_keys.get("constraints"):
            title += f", {', '.join(own_keys['constraints'])}"
        if own_keys.get("epochs", 0) > least[method]:
            title += f", {number_of(own_keys['epochs'], 'epoch')}"
        titles[name] = title
    return titles


def loaded(plan: Plan) -> list[str]:
    """Return the modules of all cards, which give the titles."""
    methods = [SUPERNETS.module_name(m) for m in plan.config.supernet_methods.values()]
    beside = [n for n in plan.config.supernets.beside if n in GRAPH_PROXIES.names()]
    return [*methods, *(GRAPH_PROXIES.module_name(name) for name in beside)]


def inputs(plan: Plan) -> dict[str, Any]:
    """Return every method's scores, histories and derived architectures."""
    section = plan.config.supernets
    every = [*section.methods, *section.beside]
    return {
        "population": f"<results>/populations/{SUPERNET_POPULATION}.parquet",
        "known": f"<benchmark_tables>/{section.benchmark}.arrow",
        "long": "<benchmark_tables>/digits201_long.arrow",
        "nasbench201": "<benchmark_tables>/nasbench201.arrow",
        "scores": [f"<results>/scores/{SUPERNET_POPULATION}/{name}.parquet" for name in every],
        "histories": [f"<results>/supernets/{name}/history.csv" for name in section.methods],
        "derived": [f"<results>/supernets/{name}/derived.json" for name in section.methods],
    }


def table(
    population: Path,
    known: Benchmark,
    long: Benchmark,
    nasbench201: Benchmark,
    scores: Sequence[Path],
    histories: Sequence[pd.DataFrame],
    derived: Sequence[list[str]],
    methods: Sequence[str],
    files: Mapping[str, str],
    own: Mapping[str, Mapping[str, Any]],
    titles: Mapping[str, str],
    benchmark_labels: dict[str, Any],
    long_epochs: int,
    top: float,
) -> pd.DataFrame:
    """Return one row for each method."""
    from tgnas.evaluation.weight_sharing import derivations, summary  # their imports are slow
    from tgnas.scoring.tables import read_scores

    drawn, truths, distinct = truths_of(
        population, known, long, nasbench201, benchmark_labels, long_epochs
    )
    by_string = pd.Series(nasbench201.accuracy(**NASBENCH201), nasbench201.strings)
    titles = {**titles, **titles_of(files, own)}
    rows = []
    for path in scores:
        name = path.stem
        row: dict[str, Any] = {"method": name, "title": _title(name, titles)}
        row |= {"sharing": name in methods}
        row |= summary(read_scores(path, drawn), truths, distinct, top)
        strings, seconds = [], float("nan")
        if name in methods:
            place = list(methods).index(name)
            strings = derived[place]
            seconds = histories[place].groupby("seed")["seconds"].sum().mean()
        rows.append(row | derivations(strings, by_string) | {"seconds": seconds})
    return pd.DataFrame(rows)[list(COLUMNS)]


def truths_of(
    population: Path,
    known: Benchmark,
    long: Benchmark,
    nasbench201: Benchmark,
    benchmark_labels: dict[str, Any],
    long_epochs: int,
) -> tuple[Any, dict[str, np.ndarray], np.ndarray]:
    """Return the population, its accuracies by ``TRUTHS`` (NaN: unknown), its distinct rows."""
    from tgnas.encodings.live import live_pattern  # their imports are slow
    from tgnas.scoring.populations import open_population

    drawn: Any = open_population(population)
    part = drawn.known_of(known)
    (dataset,) = benchmark_labels["datasets"]
    fidelity = {key: benchmark_labels[key] for key in ("split", "epochs")}
    others: dict[str, tuple[Benchmark, dict[str, Any]]] = {
        "long": (long, {"dataset": "digits", "split": "test", "epochs": long_epochs}),
        "nasbench201": (nasbench201, NASBENCH201),
    }
    truths = {"alone": part.accuracy(dataset=dataset, **fidelity)}
    for name, (benchmark, label) in others.items():
        accuracies = pd.Series(benchmark.accuracy(**label), benchmark.strings)
        truths[name] = accuracies.reindex(part.strings).to_numpy()
    return drawn, truths, live_pattern(part.architectures).distinct()[0]


def show(frame: pd.DataFrame) -> list[Block]:
    """Return how every method ranks, a table for each truth, and what else is known of it."""
    blocks: list[Block] = []
    for truth, about in TRUTHS.items():
        rows: list[dict[str, Entry]] = []
        has_top = frame[f"{truth}_tau_top"].notna().any()
        for _, row in frame.iterrows():
            tau, top = (f"{truth}_{measure}" for measure in ("tau_distinct", "tau_top"))
            taus = {"KT": tau} | ({"KT, top": top} if has_top else {})
            numbers = {name: Number(row[of], std=row[f"{of}_std"]) for name, of in taus.items()}
            rank = Number(row[f"{truth}_rank"], ".0f")
            rows.append({"method": row["title"], **numbers, "rank": rank})
        blocks.append(Shown(rows, about, better={"KT": 1, "KT, top": 1, "rank": -1}))
    rows = []
    for _, row in frame.iterrows():
        shown: dict[str, Entry] = {"method": row["title"], "agreement": Number(row["agreement"])}
        if pd.notna(row["derived"]):
            ends = f"{row['derived_least']:.2f} to {row['derived_most']:.2f}"
            shown["derived"] = Number(row["derived"], ".2f", rest=ends)
        if pd.notna(row["seconds"]):
            shown["seconds"] = Number(row["seconds"], ".0f")
        rows.append(shown)
    return [*blocks, Shown(rows, "two seeds, and what is derived")]


def figure_inputs(plan: Plan) -> dict[str, Any]:
    """Return the histories."""
    methods = plan.config.supernets.methods
    return {"histories": [f"<results>/supernets/{name}/history.csv" for name in methods]}


def figure(
    histories: Sequence[pd.DataFrame],
    methods: Sequence[str],
    files: Mapping[str, str],
    own: Mapping[str, Mapping[str, Any]],
) -> Figure:
    """Return the share of skips over the epochs, a panel for each mixture, four to a row."""
    titles = titles_of(files, own)
    told = [(n, h) for n, h in zip(methods, histories, strict=True) if "skips" in h]
    rows, columns = -(-max(1, len(told)) // ACROSS), min(ACROSS, max(1, len(told)))
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 2.2 * rows))
        grid = drawn.subplots(rows, columns, sharey=True, squeeze=False)
        panels = grid.flatten()
        for panel in panels[len(told) :]:
            panel.set_axis_off()
        for panel, (name, history) in zip(panels, told, strict=False):
            for _, seed in history.groupby("seed"):
                panel.plot(seed.epoch, seed.skips, color=style.BLUE, alpha=0.7)
            panel.set_title(_title(name, titles).replace(", ", ",\n"))
            panel.set_xlabel("Epoch")
            panel.set_ylim(-0.03, 1.03)
        for panel in grid[:, 0]:
            panel.set_ylabel("Share of skips")
    return drawn


def _title(name: str, titles: Mapping[str, str]) -> str:
    if name in GRAPH_PROXIES.names():
        return str(GRAPH_PROXIES.module(name).CARD.title)
    return titles.get(name, name)
