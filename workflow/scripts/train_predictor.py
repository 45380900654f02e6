"""Train one seed of a predictor on its sources; keep its state after every epoch."""

from pathlib import Path

import pandas as pd
import torch

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.methods.trained import own_settings, save, train
from tgnas.resources.seals import read_parquet
from tgnas.training.distillation import distillation_set, mixed_set
from tgnas.training.sources import labelled
from tgnas.workflow.script import run


def main(
    *,
    benchmarks: list[Path],
    distilled: list[Path],
    mixed: list[Path],
    embeddings: Path,
    epochs: Path,
    history: Path,
    labels: list,
    settings: dict,
    code: str,
    seed: int,
    threads: int,
) -> None:
    """Fit on labelled architectures or on a proxy's scores; write all epochs and the history."""
    torch.set_num_threads(threads)
    sources = [distillation_set(read_parquet(path)) for path in distilled]
    for path, label in zip(benchmarks, labels, strict=True):
        sources.append(labelled(open_benchmark(path), label, settings, seed))
    if mixed:
        sources.append(mixed_set([read_parquet(path) for path in mixed]))
    trained, rows = train(
        settings["method"],
        sources,
        own_settings(settings),
        OperatorEmbeddings.read(embeddings),
        seed,
        checkpoints=epochs.parent,  # no output: it outlives an interrupted job
        code=code,
        device=settings.get("device", "cpu"),
    )
    pd.DataFrame(rows).to_csv(history, index=False)
    save(epochs, trained)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
