"""Search a space with searchers that query one scorer; each of its seeds is queried by itself."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.resources.seals import read_parquet, write_parquet
from tgnas.scoring.tables import read_scores
from tgnas.searching.oracles import Listing, measured, tabulated
from tgnas.searching.runs import Plan, run_constrained, run_searches
from tgnas.spaces.space import open_space
from tgnas.workflow.script import run


def main(
    *,
    runs: Path,
    space: str,
    plan: dict,
    label: dict,
    constraints: dict,
    surrogates: dict,
    shipped: bool,
    embeddings: list[Path],
    weights: list[Path],
    benchmark: list[Path],
    scores: list[Path],
    costs: list[Path],
    threads: int,
) -> None:
    """Query live predictors, a file of scores (under constraints) or labels; write all runs.

    The columns are those of ``tgnas.searching.runs.run_searches``. What a job does not read is
    empty.
    """
    searched, chosen = open_space(space), Plan(**plan)
    fitted = {}
    if weights or surrogates:  # no other search imports torch
        from tgnas.searching import live  # noqa: PLC0415

        fitted = live.surrogates(surrogates, embeddings)
    if weights:
        sources = live.sources(weights, embeddings[0], threads, all_seeds=shipped)
        table = run_searches(searched, sources, chosen)
    else:
        target = open_benchmark(benchmark[0])
        listing = Listing(searched, target.architectures)
        if label:
            source, named = measured(target, listing, **label), " ".join(label.values())
            table = run_searches(searched, [source], chosen, label=named, surrogates=fitted)
        elif costs:
            known = read_parquet(costs[0]).to_pandas()[constraints["names"]]
            rows = read_scores(scores[0], target)
            table = run_constrained(searched, target, rows, known, constraints["shares"], chosen)
        else:
            sources = [tabulated(listing, row) for row in read_scores(scores[0], target)]
            table = run_searches(searched, sources, chosen)
    write_parquet(runs, table)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
