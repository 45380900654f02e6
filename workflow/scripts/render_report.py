"""Render the page that holds all tables, figures, cards and the provenance of a run."""

import json
from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.files import written_whole
from tgnas.page.explorer import Scored, pack_architectures
from tgnas.page.page import Contents, Result, render_page
from tgnas.page.summary import of_any_run, summary
from tgnas.resources.fetch import read_resources
from tgnas.results._style import dataset_title
from tgnas.scoring.tables import read_scores
from tgnas.workflow.script import run


def main(
    *,
    provenance: Path,
    resources: Path,
    benchmarks: list[Path],
    scores: list[Path],
    page: Path,
    results: dict,
    methods: list,
    published: dict,
    names: dict,
    label: dict,
) -> None:
    """Write the HTML file; what this run has not made is left out of it.

    Args:
        provenance: what ``record_provenance`` wrote.
        resources: the sheet of fetched files.
        benchmarks: NAS-Bench-201's file, or none.
        scores: the score file of each of `methods`.
        page: the HTML file.
        results: for each table (CSV) and figure (PNG) its module and parameters.
        methods: name, title and family of each method of NAS-Bench-201.
        published: the settings of the published predictor.
        names: whom the first sentences are about.
        label: NAS-Bench-201's accuracies that scores are compared with.
    """
    files = {Path(file).name: Path(file) for file in results}
    sentences, tiles = [], []
    if {"ranking_nasbench201.csv", "search.csv"} <= files.keys():
        ranking, search = (
            pd.read_csv(files[name]) for name in ("ranking_nasbench201.csv", "search.csv")
        )
        sentences, tiles = summary(ranking, search, names, published, label["datasets"][0])
    else:
        rankings = {
            row["values"]["target"]: pd.read_csv(file)
            for file, row in results.items()
            if row["name"] == "ranking" and file.endswith(".csv")
        }
        find = files.get("digits_search.csv")
        counts = [sum(name.endswith(kind) for name in files) for kind in (".csv", ".png")]
        sentences = of_any_run(rankings, None if find is None else pd.read_csv(find), *counts)
    contents = Contents(
        sentences=sentences,
        tiles=tiles,
        dataset=dataset_title(label["datasets"][0]),
        results=[Result.read(Path(f), row["name"], row["values"]) for f, row in results.items()],
        titles={method["name"]: method["title"] for method in methods},
        architectures=_architectures(benchmarks, scores, methods, names, label),
        provenance=json.loads(provenance.read_text()),
        resources=list(read_resources(resources).values()),
    )
    with written_whole(page) as part:
        part.write_text(render_page(contents), encoding="utf-8")


def _architectures(
    benchmarks: list[Path], scores: list[Path], methods: list, names: dict, label: dict
) -> dict | None:
    """Return NAS-Bench-201's architectures for the page; None where it is not in the run."""
    if not benchmarks:
        return None
    benchmark = open_benchmark(benchmarks[0])
    first = (names["published"], names["ours"])
    scored = [
        Scored(row["title"], row["family"], row["name"] in first, read_scores(path, benchmark))
        for row, path in zip(methods, scores, strict=True)
    ]
    return pack_architectures(benchmark, label, scored)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
