"""Train one candidate configuration on the development tasks and score what they hold back."""

from pathlib import Path

import torch

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.methods.trained import own_settings, train
from tgnas.resources.seals import read_parquet
from tgnas.scoring.transfer import (
    development_tasks,
    distillation_tasks,
    transfer_scores,
    write_transfer,
)
from tgnas.training.auxiliary_targets import with_auxiliary_targets
from tgnas.training.distillation import distillation_set
from tgnas.training.splits import TrainingSet
from tgnas.workflow.script import run


def main(
    *,
    source: Path,
    others: list[Path],
    distilled: list[Path],
    embeddings: Path,
    scores: Path,
    settings: dict,
    labels: dict,
    sizes: dict,
    threads: int,
) -> None:
    """Train on what each task gives, write the scores of its targets for every seed."""
    torch.set_num_threads(threads)
    vectors, chosen = OperatorEmbeddings.read(embeddings), own_settings(settings)

    def fit(training: TrainingSet, seed: int):
        sources = [with_auxiliary_targets(training, settings["auxiliary_targets"])]
        device = settings.get("device", "cpu")
        trained, _ = train(settings["method"], sources, chosen, vectors, seed, device=device)
        return trained[-1:].ensemble().members[0].score

    learned, targets = open_benchmark(source), [open_benchmark(path) for path in others]
    tasks = development_tasks(learned, targets, labels, settings["cells"], sizes["tested"])
    for path in distilled:
        tasks = distillation_tasks(tasks, distillation_set(read_parquet(path)))
    write_transfer(scores, transfer_scores(tasks, fit, sizes["seeds"]))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
