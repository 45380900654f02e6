"""Measure how every method ranks a population, how often it fails, what it costs."""

from functools import partial
from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import Benchmark, open_benchmark
from tgnas.evaluation.comparison import KEY, key_of, measure_method, measured_before, subsets_of
from tgnas.files import written_whole
from tgnas.processes import pool_of, results_of
from tgnas.resources.seals import write_parquet
from tgnas.scoring.populations import open_population
from tgnas.scoring.tables import read_table
from tgnas.workflow.script import run


def main(
    *,
    architectures: Path,
    benchmark: Path,
    scores: list[Path],
    measures: Path,
    resampled: Path,
    ranking: dict,
    code: str,
    threads: int,
) -> None:
    """Write tidy files for all methods; what was measured before of the same scores is kept."""
    target, population = open_benchmark(benchmark), open_population(architectures)
    whole = isinstance(population, Benchmark)
    target = population if whole else population.known_of(target)
    tables = {path.stem: read_table(path, population) for path in scores}
    subsets = subsets_of(target, tables, whole=whole)
    keys = {name: key_of(target, table, subsets, ranking, code) for name, table in tables.items()}
    before = measured_before(measures, keys), measured_before(resampled, keys)
    missing = [name for name in tables if not all(name in part for part in before)]
    known = Benchmark(target.name, target.table)  # without what it has read, to be sent
    measure = partial(measure_method, known, subsets=subsets, ranking=ranking)
    with pool_of(threads) as pool:
        pieces = [(name, tables[name]) for name in missing]
        measured = list(results_of(pool, measure, pieces))
    done = [
        part | dict(zip(missing, (of[place] for of in measured), strict=True))
        for place, part in enumerate(before)
    ]
    written = [
        pd.concat([part[name].assign(**{KEY: keys[name]}) for name in tables], ignore_index=True)
        for part in done
    ]
    with written_whole(measures) as unfinished:
        written[0].to_csv(unfinished, index=False)
    write_parquet(resampled, written[1])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
