"""``tgnas suggest``: the next architectures to train, from a table of those already trained."""

from pathlib import Path
from typing import Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import apart, check_costs, check_known, ends_with, load, needs, ready, tell
from tgnas.errors import number_of


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
        typer.Option(
            "--against",
            help="A cost that is traded for accuracy, such as flops or latency:edgegpu: each "
            "suggestion is expected to enlarge the front of both the most.",
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            "--figure",
            help="With --against: a PNG of what is trained, its front, and what is suggested.",
        ),
    ] = None,
    accuracy_column: option.AccuracyColumnIfAny = None,
    to: option.Output = option.STANDARD,
    predictor: option.Predictor = option.DEFAULT,
    seed: option.Seed = 0,
    output_format: option.OutputFormat = None,
) -> None:
    """Say what to train next; nothing is kept between calls but the table that you keep."""
    from tgnas.inference.asked import check_trained
    from tgnas.inference.streaming import format_of, output
    from tgnas.spaces.space import open_space

    needs("--accuracy-column", accuracy_column, "--known", known)
    needs("--figure", figure, "--against", against)
    column = accuracy_column or option.ACCURACY
    written = format_of(to, output_format)
    apart(to, known, predictor, *costs or ())
    ready(to)
    if figure is not None:
        ends_with(figure.name, ".png", "--figure")
        ready(str(figure))
    opened = open_space(space)
    check_trained(predictor)
    check_known(known, opened, column)
    check_costs(opened, constraint, costs, [] if against is None else [against])
    from tgnas.inference.known import known_of, measured_front
    from tgnas.inference.suggestions import suggest

    trained = known_of(known, opened, column)
    table = suggest(
        trained,
        opened,
        count,
        load(predictor),
        constraints=constraint or (),
        costs=costs or (),
        against=against,
        seed=seed,
    )
    with output(to, written) as writer:
        writer.write(table)
    if len(table) < count:
        within = f" that keep {', '.join(constraint)}" if constraint else ""
        tell(f"{len(table)} of {count} asked for: found no more{within}")
    if figure is not None and against is not None:
        from tgnas.results._front import draw_front

        whole, front = measured_front(trained, opened, against, costs or ())
        draw_front(whole, front, whole.column_names[1:], figure, table)
        tell(
            f"{number_of(len(front), 'architecture')} on the front of {len(whole)} trained: "
            f"{figure}"
        )
