"""Training-free scores of recurrent cells and transformer encoders, none of whose labels was seen.

One row for each architecture and score. ``recurrent`` and ``transformers`` recompute the metrics of
Serianni and Kalita (ACL 2023) of architectures drawn from the benchmarks, the encoders at the size
that all stored metrics were taken at, in shards. ``ours`` are scores that need no network, of every
architecture that has a label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tgnas.methods.settings import MethodSettings
from tgnas.validation import count

if TYPE_CHECKING:
    import numpy as np

    from tgnas.benchmarks.base import Benchmark

# Benchmark -> data set, split and epochs of its label.
LABELS = {"nasbench_nlp": ("ptb", "test", "last"), "flexibert": ("glue", "unstated", "last")}
RECURRENT = ("hidden_covariance",)
OF_ENCODERS = (
    "attention_confidence",
    "activation_distance",
    "synaptic_saliency",
    "synaptic_diversity",
    "place_jacobian",
    "place_jacobian_cosine",
    "head_importance",
)
GRAPHS = ("params", "topology", "effective_weights", "random")
PREDICTOR = "universal"
COLUMNS = ["benchmark", "row", "score", "value", "milliseconds", "reason"]


class Settings(MethodSettings):
    """How many architectures are scored, and on how much text."""

    recipes: int = count("Recurrent cells that networks are built of.", default=500)
    encoders: int = count("Encoders that networks are built of.", default=100)
    rows: int = count("Rows of text that a recurrent network reads.", default=10)
    steps: int = count("Words of each of them.", default=70)
    encoder_rows: int = count("Rows of text that an encoder reads.", default=4)
    encoder_steps: int = count("Words of each of them.", default=64)
    shards: int = count("Jobs that share the networks of each benchmark.", default=5)
    seed: int = count("Of the draws of architectures, text and weights.", 0, default=0)


def inputs(settings: Settings) -> Mapping[str, str | Sequence[str]]:
    """Return the two benchmarks."""
    return {name: f"<benchmark_tables>/{name}.arrow" for name in LABELS}


def parts(settings: Settings) -> Sequence[str]:
    """Return the parts, which the module says."""
    kinds = ("recurrent", "transformers")
    return ["ours", *(f"{kind}_{shard}" for kind in kinds for shard in range(settings.shards))]


def loaded(settings: Settings) -> Sequence[str]:
    """Return the methods."""
    proxies = [f"tgnas.methods.sequence_proxies.{name}" for name in (*RECURRENT, *OF_ENCODERS)]
    graphs = [f"tgnas.methods.graph_proxies.{name}" for name in GRAPHS]
    return [*proxies, *graphs, "tgnas.methods.predictors.universal"]


def shipped(settings: Settings) -> Sequence[str]:
    """Return the predictor that scores."""
    return [PREDICTOR]


def run(part: str, settings: Settings, files: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    """Return the scores of a part."""
    from tgnas.benchmarks.base import open_benchmark  # its imports are slow

    del folder  # a part takes minutes
    if part == "ours":
        every = [_without_networks(open_benchmark(files[name]), settings) for name in LABELS]
        return pd.concat(every, ignore_index=True)
    kind, _, shard = part.partition("_")
    name = "nasbench_nlp" if kind == "recurrent" else "flexibert"
    return _with_networks(open_benchmark(files[name]), int(shard), settings)


def _with_networks(benchmark: "Benchmark", shard: int, settings: Settings) -> pd.DataFrame:
    import numpy as np  # the imports are slow

    from tgnas.scoring.harness import components_of
    from tgnas.scoring.sequences import measure_sequences, text_batch

    recurrent = benchmark.name == "nasbench_nlp"
    sample_size = settings.recipes if recurrent else settings.encoders
    shape = (settings.rows, settings.steps)
    if not recurrent:
        shape = (settings.encoder_rows, settings.encoder_steps)
    known = _labelled(benchmark)
    drawn = np.random.default_rng(settings.seed).choice(known, min(sample_size, len(known)), False)
    drawn = np.array_split(np.sort(drawn), settings.shards)[shard]
    strings = [benchmark.strings[row] for row in drawn]
    proxies = RECURRENT if recurrent else OF_ENCODERS
    size = {} if recurrent else {"hidden": 256, "width": 1024}
    measured = measure_sequences(
        strings,
        proxies,
        text_batch(*shape, settings.seed),
        space=benchmark.name,
        seed=settings.seed,
        size=size,
    )
    rows = [
        (
            benchmark.name,
            int(row),
            f"{proxy}.{component}",
            value,
            one.milliseconds[proxy],
            one.reasons.get(proxy, ""),
        )
        for row, one in zip(drawn, measured, strict=True)
        for proxy in proxies
        for component, value in zip(components_of(proxy), one.components[proxy], strict=True)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _without_networks(benchmark: "Benchmark", settings: Settings) -> pd.DataFrame:
    import numpy as np  # the imports are slow

    from tgnas.inference.pretrained import load_pretrained
    from tgnas.registry import GRAPH_PROXIES

    known = _labelled(benchmark)
    architectures, space = benchmark.architectures[known], benchmark.space
    about = {"space": space.name, "dataset": ""}
    scores = {
        name: GRAPH_PROXIES.load(name)(
            architectures, **about, generator=np.random.default_rng(settings.seed)
        )
        for name in GRAPHS
    }
    # It asks for FLOPs of networks whose width differs, which are not counted here: cells alone.
    alone = replace(architectures, attributes={})
    scores[PREDICTOR] = load_pretrained(PREDICTOR).score(alone, space)
    frames = [
        pd.DataFrame({"row": known, "score": name, "value": values})
        for name, values in scores.items()
    ]
    table = pd.concat(frames, ignore_index=True)
    return table.assign(benchmark=benchmark.name, milliseconds=np.nan, reason="")[COLUMNS]


def _labelled(benchmark: "Benchmark") -> "np.ndarray":
    import numpy as np  # the import is slow

    dataset, split, epochs = LABELS[benchmark.name]
    return np.flatnonzero(
        np.isfinite(benchmark.accuracy(dataset=dataset, split=split, epochs=epochs))
    )
