"""Time what a predictor needs before it scores anything: embedding, training, loading."""

import time
from pathlib import Path

import pandas as pd
import torch

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.encodings.sentence import embed_operators
from tgnas.methods.trained import load
from tgnas.workflow.script import run


def main(
    *,
    embeddings: Path,
    model: list[Path],
    epochs: Path,
    history: Path,
    setup: Path,
    settings: dict,
    threads: int,
) -> None:
    """Write the seconds of one seed; training took them when it ran, the rest takes them now."""
    torch.set_num_threads(threads)
    start = time.perf_counter()
    embed_operators(**settings, folder=model[0].parent if model else None)
    embedded = time.perf_counter()
    load(epochs, OperatorEmbeddings.read(embeddings))[-1:].ensemble()
    loading = time.perf_counter() - embedded
    trained = pd.read_csv(history).seconds.sum()
    seconds = {"embedding": embedded - start, "training": trained, "loading": loading}
    pd.DataFrame([seconds]).to_csv(setup, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
