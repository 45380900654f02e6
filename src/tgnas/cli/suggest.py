"""``tgnas suggest``: the next architectures to train, from a table of those already trained."""

from typing import Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import load


def suggest(
    space: option.Space,
    known: Annotated[
        str | None,
        typer.Option(
            "--known",
            help="Trained so far: a table with columns 'architecture' and 'accuracy'. A row "
            "without an accuracy is being trained. Empty, or none: a zero-shot start.",
        ),
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, help="How many.")] = 8,
    constraint: option.Constraints = None,
    costs: option.Costs = None,
    against: Annotated[
        str | None,
        typer.Option("--against", help="A cost that is traded for accuracy, such as flops."),
    ] = None,
    accuracy_column: option.AccuracyColumn = "accuracy",
    to: option.Output = option.STANDARD,
    predictor: option.Predictor = option.DEFAULT,
    seed: option.Seed = 0,
    output_format: option.OutputFormat = None,
) -> None:
    """Say what to train next; nothing is kept between calls but the table that you keep."""
    from tgnas.inference.streaming import format_of, output
    from tgnas.inference.suggestions import known_of, suggest
    from tgnas.spaces.space import open_space

    opened = open_space(space)
    table = suggest(
        known_of(known, opened, accuracy_column),
        opened,
        count,
        load(predictor),
        constraints=constraint or (),
        costs=costs or (),
        against=against,
        seed=seed,
    )
    with output(to, format_of(to, output_format)) as writer:
        writer.write(table)
