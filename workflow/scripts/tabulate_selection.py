"""Put all candidates beside each other; mark what the rule has chosen."""

import logging
from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.selection import development_tasks, measure_candidates, read_transfer
from tgnas.results.tables import leading, selection_markdown, summarise_selection
from tgnas.workflow.script import run


def main(
    *,
    source: Path,
    others: list[Path],
    scores: list[Path],
    table: Path,
    markdown: Path,
    labels: dict,
    sizes: dict,
    ensembles: list,
    chosen: dict,
    top_share: float,
) -> None:
    """Write mean and spread of every candidate and target, best candidate first."""
    spaces = [open_benchmark(path) for path in others]
    # Nothing is trained here, and what a task ranks does not depend on its training cells.
    tasks = development_tasks(open_benchmark(source), spaces, labels, 1, sizes["tested"])
    targets = {name: target for task in tasks for name, target in task.targets.items()}
    found = {path.stem: read_transfer(path) for path in scores}
    measures = measure_candidates(targets, found, ensembles, top_share)
    summary = summarise_selection(measures, list(chosen.values()), list(found))
    for place, name in chosen.items():
        kind, by = ("ensemble", "top") if place == "top" else (place, "mean")
        best = leading(summary[summary.kind == kind], by)
        if best != name:
            logging.warning("%s leads here; the config has chosen %s", best, name)
    summary.to_csv(table, index=False)
    markdown.write_text(selection_markdown(summary, sizes, top_share))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
