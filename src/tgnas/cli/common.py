"""What commands share: what an error ends with, a line on stderr, a table, a predictor."""

import functools
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tgnas.cli.option import STANDARD
from tgnas.errors import (
    ArgumentError,
    ConfigError,
    ContractError,
    CorruptTableError,
    DataError,
    InUseError,
    InvalidCellError,
    ResourceError,
    TrainingError,
    UnknownInDataError,
    UnknownNameError,
    UnreadableFileError,
    UnwritableFileError,
    number_of,
    reason_of,
)

if TYPE_CHECKING:
    from tgnas.inference.pretrained import Pretrained
    from tgnas.inference.scorers import Scoring
    from tgnas.inference.streaming import Source
    from tgnas.spaces.space import Space

DATA, USAGE, MACHINE, UNFINISHED, INTERRUPTED = 1, 2, 3, 4, 130
# How torch says so.
NO_MEMORY = ("can't allocate memory", "out of memory", "bad_alloc", "can't start new thread")
# What a command keeps to itself until it ends.
_claims: ContextVar[ExitStack] = ContextVar("claims")
errors = Console(stderr=True, highlight=False, emoji=False)


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that ends with one line and an exit code instead of a traceback."""

    @functools.wraps(command)
    def in_one_line(*args: Any, **kwargs: Any) -> None:
        try:
            with ExitStack() as claims:
                _claims.set(claims)
                command(*args, **kwargs)
        except UnknownInDataError as error:
            _end(error, DATA)
        except (UnknownNameError, ArgumentError) as error:
            _end(error, USAGE)
        except (UnreadableFileError, UnwritableFileError) as error:
            _end(error, MACHINE)
        except ModuleNotFoundError as error:
            package = str(error.name).partition(".")[0]
            if package == "tgnas":
                raise
            _end(ResourceError(f"{package} is not installed, which this needs: {error}"), MACHINE)
        except (
            DataError,
            InvalidCellError,
            CorruptTableError,
            ConfigError,
            ContractError,
            TrainingError,
        ) as error:
            _end(error, DATA)
        except BrokenPipeError:
            # Whoever reads has enough; what Python still holds must not be written at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (ResourceError, InUseError) as error:
            _end(error, MACHINE)
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            _end(OSError(f"{place}{reason_of(error)}"), MACHINE)
        except (MemoryError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            if not isinstance(error, MemoryError) and not any(t in reason for t in NO_MEMORY):
                raise
            _end(MemoryError(f"out of memory{': ' if reason else ''}{reason[:200]}"), MACHINE)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None

    return in_one_line


def _end(error: Exception, code: int) -> None:
    tell(str(error))
    raise typer.Exit(code) from None


def load(predictor: str) -> "Pretrained":
    """Return a trained predictor, in a process whose threads score a chunk of cells each."""
    from tgnas.inference.asked import check_trained

    check_trained(predictor)
    leave_pandas_out_of_arrow()
    import torch

    from tgnas.inference.pretrained import load_pretrained

    torch.set_num_threads(1)
    return load_pretrained(predictor)


def load_scorer(predictor: str, space: "Space") -> "Scoring":
    """Return a trained predictor, a count or several of them, in a process as ``load``'s.

    Args:
        predictor: what is asked for.
        space: whose architectures are scored.

    Raises:
        ConfigError: it cannot score the networks of the space.
    """
    from tgnas.inference.asked import members_of

    members_of(predictor)
    leave_pandas_out_of_arrow()
    import torch

    from tgnas.inference import fitting, scorers

    torch.set_num_threads(1)
    scorer = scorers.load_scorer(predictor)
    fitting.check(predictor, scorer, space)
    return scorer


def leave_pandas_out_of_arrow() -> None:
    """Have pyarrow take it that no pandas object is handed to it.

    It looks once, when it makes its first array, and imports pandas for it: .3 s of a command that
    takes 2. Where a table of pandas is asked for later, it imports it all the same.
    """
    import pyarrow as pa

    class NoPandas:
        @staticmethod
        def find_spec(name: str, *_: Any) -> None:
            if name == "pandas":
                raise ModuleNotFoundError(name=name)

    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, NoPandas)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(NoPandas)


def tell(message: str) -> None:
    """Write a line to standard error."""
    errors.print(f"tgnas: {message}", markup=False, soft_wrap=True)


def tell_skipped(source: "Source") -> None:
    """Say how many rows of a file were skipped, if any."""
    if source.skipped:
        tell(f"skipped {number_of(source.skipped, 'row')}; the first: {source.first_skipped}")


def show_table(columns: Iterable[str], rows: Iterable[Iterable[str]], width: int) -> None:
    """Write a table to standard output, as wide as the terminal or else as `width`."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*map(Text, row))  # a description is no markup
    Console(width=None if sys.stdout.isatty() else width).print(table)


def ready(output: str) -> None:
    """Keep an output to this command, before anything is read or imported for it.

    Raises:
        InUseError: another process is writing it.
        UnwritableFileError: it cannot be written.
    """
    from tgnas.files import claimed, is_device

    if output != STANDARD and not is_device(output):
        _claims.get().enter_context(claimed(output))


def apart(output: object, *others: object, option: str = "--output") -> None:
    """Refuse an output that is a file of another option, whose content would be lost.

    Args:
        output: its path; None and standard output are no file.
        others: paths, or what may be one, such as a predictor; None is nothing.
        option: what names the output.

    Raises:
        BadParameter: it is one of the others.
    """
    from tgnas.files import is_device

    if output in (None, STANDARD) or is_device(str(output)):
        return
    place = os.path.realpath(str(output))
    if any(other is not None and os.path.realpath(str(other)) == place for other in others):
        raise typer.BadParameter(
            f"{output} is named by another option, too, and would be lost; name another file",
            param_hint=option,
        )


def check_spread(scoring: "Scoring", predictor: str, space: "Space") -> None:
    """Refuse the spread of a predictor that is alone: it has no seeds that could differ."""
    from tgnas.inference.pretrained import Pretrained
    from tgnas.inference.scorers import Count

    single = isinstance(scoring, Pretrained) and len(scoring.ensemble(space).members) < 2
    if single or isinstance(scoring, Count):
        raise typer.BadParameter(
            f"{predictor} has no seeds whose scores could differ", param_hint="--spread"
        )


def check_costs(
    space: "Space", constraints: list[str] | None, tables: list[str] | None, named: list[str]
) -> None:
    """Refuse constraints and costs of which nothing is known, before torch is imported.

    Tables that can be read but once are left to the command.

    Raises:
        BadParameter: there are tables, and nothing names a cost.
    """
    from tgnas.inference.streaming import is_read_once

    if not any(map(is_read_once, tables or ())) and (constraints or tables or named):
        from tgnas.inference.costs import costs_of

        known = costs_of(space, tables or ())
        known.constraints(constraints or ())
        for name in named:
            known.named(name)
    if tables and not constraints and not named:
        raise typer.BadParameter("no other option names a cost of it", param_hint="--costs")


def needs(option: str, given: object, other: str, there: object) -> None:
    """Refuse an option that has no effect without another one.

    Raises:
        BadParameter: it is given, and the other is not.
    """
    if given is not None and there is None:
        raise typer.BadParameter(f"it has no effect without {other}", param_hint=option)


def check_known(file: str | None, space: "Space", column: str) -> None:
    """Refuse a table of accuracies whose first rows are faulty, before torch is imported."""
    from tgnas.inference.streaming import Source, format_of

    if file is not None and not (Path(file).is_file() and not Path(file).stat().st_size):
        Source(file, format_of(file)).check_first(space, column)


def set_once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the keys and values of --set.

    Raises:
        BadParameter: a key is set twice.
    """
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise typer.BadParameter(
                f"{key} is set twice, to {values[key]} and to {value}", param_hint="--set"
            )
        values[key] = value
    return values


def ends_with(name: str, suffix: str, option: str) -> None:
    """Refuse the name of a file that ends otherwise.

    Raises:
        BadParameter: it does.
    """
    if not name.endswith(suffix):
        raise typer.BadParameter(f"the name must end in {suffix}", param_hint=option)
