"""Draw a population: a random sample of a benchmark or space, or one of each live pattern."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.inference.pretrained import learned_rows, read_card
from tgnas.scoring.populations import draw, draw_from_space, write_population
from tgnas.spaces.space import open_space
from tgnas.workflow.script import run


def main(
    *,
    benchmark: list[Path],
    drawn: Path,
    space: str,
    architectures: str,
    seed: int,
    unlearned: list,
) -> None:
    """Write rows of the benchmark, none that a packaged predictor of `unlearned` has learned.

    Where there is no benchmark, architectures are drawn from the space.
    """
    if not benchmark:
        write_population(drawn, draw_from_space(open_space(space), int(architectures), seed))
        return
    source = open_benchmark(benchmark[0])
    cards = [read_card(None, name) for name in unlearned]
    learned = [rows for card in cards for rows in learned_rows(card, source)]
    write_population(drawn, draw(source, architectures, seed, learned))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
