"""What GPTP says of NAS-Bench-201 after NAS-Bench-101's labels alone, and after a few of its own.

With and without contrastive pre-training (Han et al., SDM 2023, arXiv 2302.10835); each seed draws
other labels of the source, and then other labels of the target.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tgnas.methods.settings import MethodSettings
from tgnas.validation import count

PRETRAINED, DRAWN = "pre-trained", "not-pre-trained"


class Settings(MethodSettings):
    """How much is learned, and measured."""

    source_labels: int = count("Labels of NAS-Bench-101.", 2, default=1000)
    source_steps: int = count("Steps in which they are learned.", default=300)
    pretraining: int = count("Steps of contrastive pre-training.", default=200)
    labels: int = count("Labels of NAS-Bench-201 that are learned afterwards.", 2, default=50)
    seeds: int = count("Draws of labels.", 2, default=20)
    tested: int = count("Architectures that are measured on.", 30, default=2000)


def inputs(settings: Settings) -> Mapping[str, str | Sequence[str]]:
    """Return both benchmarks and the operators' vectors."""
    return {
        "source": "<benchmark_tables>/nasbench101.arrow",
        "target": "<benchmark_tables>/nasbench201.arrow",
        "embeddings": "<results>/embeddings/minilm_short.parquet",
    }


def parts(settings: Settings) -> Sequence[str]:
    """Return the two beginnings of the encoder."""
    return [PRETRAINED, DRAWN]


def run(part: str, settings: Settings, files: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    """Return a row for each seed: Spearman's rho and Kendall's tau before and after own labels."""
    from tgnas.benchmarks.base import open_benchmark  # slow imports
    from tgnas.encodings.embeddings import OperatorEmbeddings
    from tgnas.few_labels.transfer import transferred

    return transferred(
        open_benchmark(files["source"]),
        open_benchmark(files["target"]),
        OperatorEmbeddings.read(files["embeddings"]),
        settings.pretraining if part == PRETRAINED else 0,
        source_labels=settings.source_labels,
        source_steps=settings.source_steps,
        labels=settings.labels,
        seeds=settings.seeds,
        tested=settings.tested,
    ).assign(encoder=part)
