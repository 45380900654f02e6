"""Draw a population from a benchmark: a random sample of it, or one of each live pattern."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.inference.pretrained import learned_rows, read_card
from tgnas.scoring.populations import draw, write_population
from tgnas.workflow.script import run


def main(*, benchmark: Path, drawn: Path, architectures: str, seed: int, unlearned: list) -> None:
    """Write rows of the benchmark, none that a packaged predictor of `unlearned` has learned."""
    source = open_benchmark(benchmark)
    cards = [read_card(None, name) for name in unlearned]
    learned = [rows for card in cards for rows in learned_rows(card, source)]
    write_population(drawn, draw(source, architectures, seed, learned))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
