"""Take over proxies that others stored of all NAS-Bench-201 architectures, as scores."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.agreement import ranked_last, read_freerea, read_naslib
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, naswot: Path, logsynflow: Path, zen: Path, scores: list[Path]) -> None:
    """Write NASWOT, log SynFlow and Zen-score, in this order."""
    target = open_benchmark(benchmark)
    stored = [
        read_freerea(naswot, "naswot", target),
        read_freerea(logsynflow, "logsynflow", target),
        read_naslib(zen, "zen", target),
    ]
    for path, values in zip(scores, stored, strict=True):
        write_scores(path, target, ranked_last(values)[None])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
