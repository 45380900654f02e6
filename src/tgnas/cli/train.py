"""``tgnas train``: a predictor learns from one's own labelled architectures."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tgnas.cli import option
from tgnas.cli.common import apart, ends_with, load, tell


def train(
    benchmark: Annotated[
        str, typer.Option("--benchmark", help="Labelled architectures: CSV, JSON Lines, Parquet.")
    ],
    space: option.Space,
    to: Annotated[Path, typer.Option("--output", help="The weights file, NAME.safetensors.")],
    accuracy_column: option.AccuracyColumn = "accuracy",
    configuration: Annotated[
        str, typer.Option("--configuration", help="The predictor that it starts from.")
    ] = option.LEARNER,
    method: Annotated[
        Literal["gaussian_process", "gradient_boosting", "fine_tuned", "network"] | None,
        typer.Option(
            "--method",
            help="The best of the first three, held-out, if none; network learns anew, with the "
            "settings of --configuration.",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", min=1, help="Members of the ensemble (5); 1 of gaussian_process."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", min=1, help="Passes of a network over the file (100)."),
    ] = None,
    device: Annotated[
        str,
        typer.Option("--device", help="cpu or cuda, on which a network learns (--method network)."),
    ] = "cpu",
    on_error: option.Faulty = option.OnError.FAIL,
    input_format: option.InputFormat = None,
) -> None:
    """Train a predictor on one's own labelled architectures; --predictor takes its file.

    What it reaches on labels that were held out is told, and what few labels are worth.
    """
    ends_with(to.name, ".safetensors", "--output")
    apart(to, benchmark, configuration)
    from tgnas.files import claimed
    from tgnas.inference.asked import check_trained
    from tgnas.inference.streaming import Source, format_of
    from tgnas.spaces.space import open_space

    source = Source(benchmark, format_of(benchmark, input_format), on_error is option.OnError.SKIP)
    with claimed(to):  # a place that cannot be written is told before the work
        opened = open_space(space)
        check_trained(configuration)
        source.check_first(opened, accuracy_column)
        from tgnas.inference.labels import read_labels
        from tgnas.inference.training import train_on
        from tgnas.methods.trained import save

        trained = train_on(
            read_labels(source, accuracy_column, opened),
            opened,
            load(configuration),
            seeds,
            source.path,
            method=method,
            epochs=epochs,
            column=accuracy_column,
            device=device,
            tell=tell,
        )
        save(to, trained)
