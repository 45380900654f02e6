"""Learn few labels of a target with a predictor, or query them with a searcher: all seeds."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.few_labels.target import Target, learn, query
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.trained import joined, load
from tgnas.resources.seals import write_parquet
from tgnas.workflow.script import run


def main(
    *,
    measured: Path,
    benchmark: Path,
    embeddings: Path,
    weights: list[Path],
    start: str,
    target: dict,
    learned: dict,
    queried: dict,
) -> None:
    """Write one row for each seed and number of labels.

    Args:
        measured: the file that is written.
        benchmark: the target's.
        embeddings: the operators' sentence vectors.
        weights: every seed of the predictor to start from, where it is one of the config's.
        start: else the name of one that comes with the package; empty for none.
        target: arguments of ``Target.of``.
        learned: arguments of ``learn``; empty for a searcher.
        queried: arguments of ``query``; empty for a predictor.
    """
    vectors = OperatorEmbeddings.read(embeddings)
    trained = None
    if weights:
        trained = joined([load(path, vectors)[-1:] for path in weights])
    elif start:
        trained = load_pretrained(start).weights
    known = Target.of(open_benchmark(benchmark), vectors, trained, **target)
    table = learn(known, **learned) if learned else query(known, **queried)
    write_parquet(measured, table)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
