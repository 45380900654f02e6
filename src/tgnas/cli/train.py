"""``tgnas train``: a predictor learns from one's own labelled architectures."""

from pathlib import Path
from typing import Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import ends_with, load, tell


def train(
    benchmark: Annotated[
        str, typer.Option("--benchmark", help="Labelled architectures: CSV, JSON Lines, Parquet.")
    ],
    space: option.Space,
    to: Annotated[Path, typer.Option("--output", help="The weights file, NAME.safetensors.")],
    accuracy_column: option.AccuracyColumn = "accuracy",
    configuration: Annotated[
        str, typer.Option("--configuration", help="The predictor whose settings are taken.")
    ] = option.LEARNER,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Members of the ensemble.")] = 5,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over the file.")] = 100,
    on_error: option.Faulty = option.OnError.FAIL,
    input_format: option.InputFormat = None,
) -> None:
    """Train a predictor on one's own labelled architectures; --predictor takes its file."""
    ends_with(to.name, ".safetensors", "--output")
    from tgnas.files import claimed
    from tgnas.inference.streaming import Source, format_of
    from tgnas.inference.training import train_on_file
    from tgnas.methods.trained import save
    from tgnas.spaces.space import open_space

    source = Source(benchmark, format_of(benchmark, input_format), on_error is option.OnError.SKIP)
    with claimed(to):  # a place that cannot be written is told before the work
        trained = train_on_file(
            source,
            accuracy_column,
            open_space(space),
            load(configuration),
            seeds,
            epochs,
            lambda seed: tell(f"trained seed {seed + 1} of {seeds}"),
        )
        save(to, trained)
