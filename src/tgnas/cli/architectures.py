"""``tgnas convert`` and ``sample``: architectures in other notations, and drawn ones."""

from typing import Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import apart, tell_skipped


def convert(
    space: option.Space,
    architectures: option.Architectures,
    notation: Annotated[
        str,
        typer.Option(
            "--to",
            help="own (the space's string), json, or another library's: naslib, autodl, nats, "
            "nni, matrix, configspace, tuples; what a space has its error says.",
        ),
    ] = "own",
    to: option.Output = option.STANDARD,
    on_error: option.Faulty = option.OnError.FAIL,
    input_format: option.InputFormat = None,
    output_format: option.OutputFormat = None,
) -> None:
    """Write a file's architectures as another library writes them; any notation is read."""
    from tgnas.inference.converting import converted
    from tgnas.inference.streaming import Source, format_of, output
    from tgnas.spaces.space import open_space

    written = format_of(to, output_format)
    apart(to, architectures)
    read = format_of(architectures, input_format)
    source = Source(architectures, read, on_error is option.OnError.SKIP)
    opened = open_space(space)
    opened.write(opened.architectures([]), notation)  # refuses one that there is not
    with output(to, written) as writer:
        for table in converted(source, opened, notation):
            writer.write(table)
    tell_skipped(source)


def sample(
    space: option.Space,
    count: Annotated[int, typer.Option("--count", min=1, help="How many.")] = 10,
    seed: option.Seed = 0,
    constraint: option.Constraints = None,
    costs: option.Costs = None,
    to: option.Output = option.STANDARD,
    output_format: option.OutputFormat = None,
) -> None:
    """Write different architectures that are drawn at random, with what is constrained."""
    import pyarrow as pa

    from tgnas.costs.sampling import sample_within
    from tgnas.inference.costs import costs_of
    from tgnas.inference.streaming import format_of, output
    from tgnas.spaces.space import open_space

    written, opened = format_of(to, output_format), open_space(space)
    apart(to, *costs or ())
    known = costs_of(opened, costs or ())
    names = dict.fromkeys(c.cost for c in known.constraints(constraint or ()))
    if costs and not names:
        raise typer.BadParameter("no --constraint names a cost of it", param_hint="--costs")
    with output(to, written) as writer:
        drawn = sample_within(opened, count, seed, constraint or (), known)
        columns = {"architecture": opened.format(drawn)}
        writer.write(pa.table(columns | {name: known.of(name, drawn) for name in names}))
