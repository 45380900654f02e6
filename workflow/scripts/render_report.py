"""Render the page that holds all tables, figures, cards and the provenance of a run."""

import json
from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.files import written_whole
from tgnas.page.captions import render_caption
from tgnas.page.explorer import Scored, pack_architectures
from tgnas.page.page import Contents, Result, render_page
from tgnas.resources.fetch import read_resources
from tgnas.results.headline import claims, headline
from tgnas.results.style import dataset_title
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
    names: dict,
    published: dict,
    config: dict,
) -> None:
    """Write the HTML file; what this run has not made is left out of it.

    Args:
        provenance: what ``record_provenance`` wrote.
        resources: the sheet of fetched files.
        benchmarks: NAS-Bench-201's file, or none.
        scores: the score file of each of `methods`.
        page: the HTML file.
        results: for each table (CSV), figure and the provenance: caption, wildcards and params.
        methods: name, title and family of each method of NAS-Bench-201.
        names: which methods the first sentences are about.
        published: the settings of the published predictor.
        config: the whole configuration.
    """
    captions = {
        Path(file): render_caption(Path(row["caption"]), config, row["wildcards"], row["params"])
        for file, row in results.items()
    }
    tables = {file.stem: pd.read_csv(file) for file in captions if file.suffix == ".csv"}
    label = config["ranking"].get("nasbench201")
    sentences, tiles = [], []
    if {"ranking", "search"} <= tables.keys():
        sentences, tiles = headline(
            tables["ranking"], tables["search"], names, published, label["datasets"][0]
        )
    titles = {method["name"]: method["title"] for method in methods}
    contents = Contents(
        sentences=sentences,
        tiles=tiles,
        dataset=dataset_title(label["datasets"][0]) if label else "",
        claims=claims(tables["claims"], titles) if "claims" in tables else [],
        results=[Result(f.stem, f, text) for f, text in captions.items() if f != provenance],
        titles=titles,
        architectures=_architectures(benchmarks, scores, methods, names, label),
        provenance=(json.loads(provenance.read_text()), captions[provenance]),
        resources=list(read_resources(resources).values()),
    )
    with written_whole(page) as part:
        part.write_text(render_page(contents), encoding="utf-8")


def _architectures(
    benchmarks: list[Path], scores: list[Path], methods: list, names: dict, label: dict | None
) -> dict | None:
    """Return NAS-Bench-201's architectures for the page; None where it is not in the run."""
    if not benchmarks or label is None:
        return None
    benchmark = open_benchmark(benchmarks[0])
    first = (names["published"], names["chosen"])
    scored = [
        Scored(row["title"], row["family"], row["name"] in first, read_scores(path, benchmark))
        for row, path in zip(methods, scores, strict=True)
    ]
    return pack_architectures(benchmark, label, scored)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
