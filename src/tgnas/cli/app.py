"""The command ``tgnas``: rank the architectures of any search space without training one.

Exit codes: 0 done; 1 something is wrong with the data (an architecture, or whatever a file that is
named holds, be it a table, a space file, a recipe or weights); 2 something is wrong with the
command (an option, its value, a name); 3 the machine could not do it (a file, the sentence
transformer); 4 a training stopped at its time limit, and the same command goes on with it; 130
interrupted, 143 ended by SIGTERM.
"""

import logging
import os
from typing import Annotated

import typer

from tgnas import __version__
from tgnas.cli.architectures import convert, sample
from tgnas.cli.common import guarded
from tgnas.cli.export import export
from tgnas.cli.initialise import initialise
from tgnas.cli.measure import measure
from tgnas.cli.networks import train_network
from tgnas.cli.scores import evaluate, rank, score
from tgnas.cli.search import search
from tgnas.cli.show import check, describe, methods, spaces
from tgnas.cli.suggest import suggest
from tgnas.cli.train import train
from tgnas.processes import collect_seldom, end_on_sigterm

app = typer.Typer(
    name="tgnas",
    help="Rank the architectures of any search space without training one.",
    epilog=" ".join((__doc__ or "").partition("\n\n")[2].split()),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
space_app = typer.Typer(help="Work on a space file.", no_args_is_help=True)
COMMANDS = (
    score,
    rank,
    evaluate,
    search,
    suggest,
    sample,
    convert,
    train,
    measure,
    export,
    initialise,
    train_network,
    spaces,
    methods,
    describe,
)
for command in COMMANDS:
    app.command(command.__name__.replace("_", "-"))(guarded(command))
space_app.command("check")(guarded(check))
app.add_typer(space_app, name="space")


def main() -> None:
    """Run the command line; the entry point of the package."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    collect_seldom()
    end_on_sigterm()
    app()


def _version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"tgnas {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what is done.")] = False,
) -> None:
    """Rank the architectures of any search space without training one."""
    del version
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
