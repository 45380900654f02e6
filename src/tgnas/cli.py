"""The command ``tgnas``: rank the architectures of any search space without training one.

Exit codes: 0 done; 1 something is wrong with the data (architectures, labels, a space file, a
weights file); 2 something is wrong with the command (an option, a name); 3 the machine could not
do it (a file, the sentence transformer); 4 a training stopped at its time limit, and the same
command goes on with it; 130 interrupted.
"""

import functools
import json
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import typer
import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tgnas import __version__
from tgnas.errors import (
    ConfigError,
    CorruptTableError,
    InvalidCellError,
    ResourceError,
    TrainingError,
    UnknownNameError,
)
from tgnas.files import written_whole
from tgnas.inference.streaming import (
    COLUMN,
    STANDARD,
    WHOLE,
    Chunk,
    DataError,
    Shard,
    Source,
    format_of,
    output,
)
from tgnas.spaces.space import Space, open_space

app = typer.Typer(
    name="tgnas",
    help="Rank the architectures of any search space without training one.",
    epilog=" ".join((__doc__ or "").partition("\n\n")[2].split()),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
space_app = typer.Typer(help="Work on a space file.", no_args_is_help=True)
app.add_typer(space_app, name="space")
errors = Console(stderr=True, highlight=False)
DATA, USAGE, MACHINE, UNFINISHED, INTERRUPTED = 1, 2, 3, 4, 130


class OnError(StrEnum):
    """What becomes of a row that is no architecture of the space."""

    FAIL = "fail"
    SKIP = "skip"


SpaceOption = Annotated[
    str, typer.Option("--space", help="A built-in space (tgnas spaces) or a space file (.yaml).")
]
FileOption = Annotated[
    str,
    typer.Option(
        "--architectures",
        help=f"CSV, JSON Lines or Parquet with a column {COLUMN!r}; - is standard input.",
    ),
]
OutputOption = Annotated[
    str,
    typer.Option("--output", help="A file, by its name CSV, JSON Lines or Parquet; - is stdout."),
]
PredictorOption = Annotated[
    str, typer.Option("--predictor", help="A trained predictor (tgnas methods) or a weights file.")
]
ThreadsOption = Annotated[int, typer.Option("--threads", min=1, help="How many score at once.")]
OnErrorOption = Annotated[
    OnError, typer.Option("--on-error", help="Whether a faulty row ends the run or is counted.")
]
InputFormat = Annotated[
    str | None, typer.Option("--input-format", help="csv, jsonl or parquet; else by the name.")
]
OutputFormat = Annotated[
    str | None, typer.Option("--output-format", help="csv, jsonl or parquet; else by the name.")
]
ShardOption = Annotated[
    str, typer.Option("--shard", help="K/N: read only the K-th of N parts of the rows.")
]
DEFAULT = "canonical"


def main() -> None:
    """Run the command line; the entry point of the package."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    app()


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that ends with one line and an exit code instead of a traceback."""

    @functools.wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except UnknownNameError as error:
            _end(error, USAGE)
        except (
            DataError,
            InvalidCellError,
            CorruptTableError,
            ConfigError,
            TrainingError,
        ) as error:
            _end(error, DATA)
        except BrokenPipeError:
            # Whoever reads has enough; what Python still holds must not be written at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (ResourceError, OSError) as error:
            _end(error, MACHINE)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None

    return guarded


def _end(error: Exception, code: int) -> None:
    errors.print(f"tgnas: {error}", markup=False, soft_wrap=True)
    raise typer.Exit(code) from None


def _scored(scorer: Any) -> Iterator[tuple[Chunk, np.ndarray]]:
    """Yield what a ``Scorer`` yields; show how far it is and say in the end what was done."""
    source, start = scorer.source, time.perf_counter()
    with _progress() as report:
        for found in scorer.run():
            yield found
            report(scorer.count, source.share() if source.share else None)
    seconds = time.perf_counter() - start
    rate = scorer.count / seconds if seconds else 0
    done = f"{scorer.count:,} architectures in {seconds:.1f} s ({rate:,.0f} per second)"
    errors.print(f"tgnas: scored {done}", markup=False)
    if source.skipped:
        errors.print(
            f"tgnas: skipped {source.skipped:,} rows; the first: {source.first_skipped}",
            markup=False,
            soft_wrap=True,
        )


def parsed(space: Space, chunk: Chunk, source: Source) -> tuple[Chunk, Any]:
    """Return the rows of a chunk that are architectures, and their cells.

    Raises:
        DataError: one is none, and is not to be skipped.
    """
    found = space.read(chunk.text())
    for row, error in found.errors.items():
        source.fault(int(chunk.numbers[row]), COLUMN, str(error))
    if not found.errors:
        return chunk, found.cells
    good = np.ones(len(chunk.numbers), dtype=bool)
    good[list(found.errors)] = False
    return chunk.kept(good), found.cells[np.repeat(good, len(space.shares))]


@contextmanager
def _progress() -> Iterator[Callable[[int, float | None], None]]:
    """Show how many are scored, on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=errors, disable=not errors.is_terminal
    ) as bar:
        task = bar.add_task("scoring", total=None)
        start = time.perf_counter()

        def report(count: int, share: float | None) -> None:
            rate = count / (time.perf_counter() - start)
            text = f"{count:,} architectures, {rate:,.0f}/s"
            total = None if share is None else 1.0
            bar.update(task, description=text, total=total, completed=share or 0)

        yield report


def _scorer(
    space: str,
    architectures: str,
    predictor: str,
    threads: int,
    on_error: OnError,
    input_format: str | None,
    part: str = "1/1",
) -> Any:
    found = format_of(architectures, input_format)
    if architectures == STANDARD and found == "parquet":
        raise typer.BadParameter("Parquet is read from its end; name a file", param_hint="-")
    try:
        shard = Shard.of(part)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--shard") from error
    if architectures == STANDARD and shard != WHOLE:
        raise typer.BadParameter("standard input has no parts; name a file", param_hint="--shard")
    opened = open_space(space)
    source = Source(architectures, found, on_error is OnError.SKIP, shard)
    members = _load(predictor).members_for(opened)
    from tgnas.inference.scoring import Scorer  # noqa: PLC0415 - torch, as below

    return Scorer(opened, members, source, threads)


def _load(predictor: str) -> Any:
    import torch  # noqa: PLC0415 - 1 s that help and completion save

    from tgnas.inference.pretrained import load_pretrained  # noqa: PLC0415

    torch.set_num_threads(1)  # the threads are ours: a chunk of cells each
    return load_pretrained(predictor)


def _with(chunk: Chunk, columns: dict[str, np.ndarray]) -> pa.Table:
    table = chunk.table
    for name, values in columns.items():
        if name in table.column_names:
            raise DataError(f"there is a column {name!r} already; rename it")
        table = table.append_column(name, pa.array(values))
    return table


@app.command()
@_guarded
def score(
    space: SpaceOption,
    architectures: FileOption,
    to: OutputOption = STANDARD,
    predictor: PredictorOption = DEFAULT,
    spread: Annotated[
        bool, typer.Option("--spread", help="Add the standard deviation over the seeds.")
    ] = False,
    threads: ThreadsOption = 1,
    on_error: OnErrorOption = OnError.FAIL,
    input_format: InputFormat = None,
    output_format: OutputFormat = None,
    shard: ShardOption = "1/1",
) -> None:
    """Write the columns of a file with the score of each architecture; higher is better."""
    from tgnas.inference.pretrained import spread_of  # noqa: PLC0415

    written = format_of(to, output_format)
    scorer = _scorer(space, architectures, predictor, threads, on_error, input_format, shard)
    with output(to, written) as writer:
        for chunk, scores in _scored(scorer):
            columns = {"score": scores.mean(axis=0)}
            if spread:
                columns["spread"] = spread_of(scores)
            writer.write(_with(chunk, columns))


@app.command()
@_guarded
def rank(
    space: SpaceOption,
    architectures: FileOption,
    to: OutputOption = STANDARD,
    predictor: PredictorOption = DEFAULT,
    top: Annotated[int, typer.Option("--top", min=1, help="How many of the best.")] = 10,
    threads: ThreadsOption = 1,
    on_error: OnErrorOption = OnError.FAIL,
    input_format: InputFormat = None,
    output_format: OutputFormat = None,
    shard: ShardOption = "1/1",
) -> None:
    """Write the best architectures of a file, best first; of equal ones the earlier."""
    written = format_of(to, output_format)
    scorer = _scorer(space, architectures, predictor, threads, on_error, input_format, shard)
    best: pa.Table | None = None
    for chunk, scores in _scored(scorer):
        table = _with(chunk, {"score": scores.mean(axis=0)})
        both = (
            table if best is None else pa.concat_tables([best, table], promote_options="permissive")
        )
        order = np.argsort(-both.column("score").to_numpy(), kind="stable")[:top]
        best = both.take(order)
    if best is None:
        raise DataError(f"{architectures}: there is no architecture to rank")
    best = best.add_column(0, "rank", pa.array(np.arange(1, len(best) + 1)))
    with output(to, written) as writer:
        writer.write(best)


@app.command()
@_guarded
def evaluate(
    space: SpaceOption,
    architectures: FileOption,
    accuracy_column: Annotated[
        str, typer.Option("--accuracy-column", help="The column of measured accuracies.")
    ],
    predictor: PredictorOption = DEFAULT,
    threads: ThreadsOption = 1,
    on_error: OnErrorOption = OnError.FAIL,
    input_format: InputFormat = None,
    to: Annotated[
        str, typer.Option("--output", help="A JSON file; - is standard output.")
    ] = STANDARD,
) -> None:
    """Measure how well scores rank architectures whose accuracies are known."""
    from tgnas.evaluation import ranking  # noqa: PLC0415

    scorer = _scorer(space, architectures, predictor, threads, on_error, input_format)
    parts = []
    for chunk, scores in _scored(scorer):
        parts.append((scores.mean(axis=0), numbers_of(chunk, accuracy_column, scorer.source)))
    found = np.concatenate([s for s, _ in parts]) if parts else np.empty(0)
    true = np.concatenate([a for _, a in parts]) if parts else np.empty(0)
    labelled = np.isfinite(true)
    found, true = found[labelled], true[labelled]
    if len(found) < 3:
        raise DataError(f"{architectures}: {len(found)} labelled architectures; 3 are needed")
    top = max(1, round(len(found) / 10))
    facts = {
        "architectures": len(found),
        "kendall_tau": ranking.kendall_tau(found, true),
        "spearman_rho": ranking.spearman_rho(found, true),
        f"precision_at_{top}": ranking.precision_at_k(found, true, top),
        f"regret_at_{top}": ranking.regret_at_k(found, true, top),
    }
    plain = {k: None if math.isnan(v) else v for k, v in facts.items()}
    text = json.dumps(plain, indent=2) + "\n"
    if to == STANDARD:
        typer.echo(text, nl=False)
        return
    with written_whole(to) as part:
        part.write_text(text)


def numbers_of(chunk: Chunk, column: str, source: Source) -> np.ndarray:
    """Return a column of numbers; NaN where a row has none and rows may be skipped.

    Raises:
        UnknownNameError: there is no such column.
        DataError: a row holds no number.
    """
    if column not in chunk.table.column_names:
        raise UnknownNameError("column", column, chunk.table.column_names)
    values = chunk.table.column(column).combine_chunks()
    if pa.types.is_string(values.type):
        texts = pc.utf8_trim_whitespace(values)
        number = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
        right = pc.match_substring_regex(texts, number)
        values = pc.cast(pc.if_else(right, texts, pa.scalar(None, pa.string())), pa.float64())
    try:
        found = pc.cast(values, pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"column {column!r} holds no numbers: {error}") from error
    for row in np.flatnonzero(~np.isfinite(found)):
        given = chunk.table.column(column)[int(row)].as_py()
        source.fault(int(chunk.numbers[row]), column, f"{given!r} is no finite number")
    return np.where(np.isfinite(found), found, np.nan)


@app.command()
@_guarded
def search(
    space: SpaceOption,
    searcher: Annotated[str, typer.Option("--searcher", help="One of tgnas methods.")] = "hybrid",
    budget: Annotated[int, typer.Option("--budget", min=1, help="How many scores at most.")] = 5000,
    predictor: PredictorOption = DEFAULT,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Draws what is drawn.")] = 0,
    threads: ThreadsOption = 1,
) -> None:
    """Find an architecture of a space with a budget of scores; writes JSON."""
    from tgnas.inference.search import search as searched  # noqa: PLC0415

    found = searched(_load(predictor), open_space(space), searcher, budget, seed, threads)
    facts = {"architecture": found.architecture, "score": found.score, "queries": found.queries}
    typer.echo(json.dumps(facts, ensure_ascii=False))


@app.command()
@_guarded
def train(
    benchmark: Annotated[
        str, typer.Option("--benchmark", help="Labelled architectures: CSV, JSON Lines, Parquet.")
    ],
    space: SpaceOption,
    to: Annotated[Path, typer.Option("--output", help="The weights file, NAME.safetensors.")],
    accuracy_column: Annotated[
        str, typer.Option("--accuracy-column", help="The column of measured accuracies.")
    ] = "accuracy",
    configuration: Annotated[
        str, typer.Option("--configuration", help="The predictor whose settings are taken.")
    ] = DEFAULT,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Members of the ensemble.")] = 5,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over the file.")] = 100,
    on_error: OnErrorOption = OnError.FAIL,
    input_format: InputFormat = None,
) -> None:
    """Train a predictor on one's own labelled architectures; --predictor takes its file."""
    if to.suffix != ".safetensors":
        raise typer.BadParameter("the name must end in .safetensors", param_hint="--output")
    source = Source(benchmark, format_of(benchmark, input_format), on_error is OnError.SKIP)
    opened = open_space(space)
    like = _load(configuration)
    from tgnas.cell import Cells  # noqa: PLC0415
    from tgnas.inference import training as own_training  # noqa: PLC0415
    from tgnas.inference.pretrained import save_pretrained  # noqa: PLC0415

    cells, labels = [], []
    for given in source.chunks():
        chunk, found = parsed(opened, given, source)
        accuracies = numbers_of(chunk, accuracy_column, source)
        known = np.isfinite(accuracies)
        cells.append(found[np.repeat(known, len(opened.shares))])
        labels.append(accuracies[known])
    accuracies = np.concatenate(labels) if labels else np.empty(0)
    if len(accuracies) < 2 or len(np.unique(accuracies)) < 2:
        raise DataError(f"{benchmark}: {len(accuracies)} labelled architectures teach nothing")
    settings = own_training.scaled_to(like.weights.settings, epochs)
    members = list(range(seeds))
    weights = own_training.train(
        Cells.concatenate(cells),
        accuracies,
        opened,
        like.weights.embeddings,
        settings,
        members,
        lambda seed: errors.print(f"tgnas: trained seed {seed + 1} of {seeds}", markup=False),
    )
    card = {
        "title": f"trained on {opened.name}",
        "seeds": members,
        "trained_on": {opened.name: {"cells": len(accuracies), "column": accuracy_column}},
        "epoch": "the last one",
        "settings": {"embedding": like.card["settings"]["embedding"], "epochs": epochs},
        "made_by": {"tgnas": __version__},
    }
    save_pretrained(to, weights, card)


@app.command("train-network")
@_guarded
def train_network(
    recipe: Annotated[Path, typer.Option("--recipe", help="A recipe: a file of config/recipes.")],
    architecture: Annotated[
        str,
        typer.Option("--architecture", help="The space's own string, or a found.json of a search."),
    ],
    images: Annotated[
        Path,
        typer.Option("--images", help="CIFAR-10's archive or JPEG copy, or ImageNet's folder."),
    ],
    to: Annotated[
        Path, typer.Option("--output", help="A folder: results, log, checkpoint; resumed from.")
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="KEY=VALUE of the recipe that is to be otherwise; repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Draws what is drawn.")] = 0,
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Processes that decode an image folder.")
    ] = 4,
    threads: ThreadsOption = 1,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", min=0, help="Stop after the last epoch that is likely to fit."),
    ] = None,
) -> None:
    """Train an architecture's network by a recipe; resumes where it was stopped or killed."""
    import pandas as pd  # noqa: PLC0415
    import torch  # noqa: PLC0415

    from tgnas.image_training.final import train_network as trained  # noqa: PLC0415
    from tgnas.image_training.final import write_results  # noqa: PLC0415
    from tgnas.image_training.processes import joined  # noqa: PLC0415
    from tgnas.image_training.recipe import read_recipe  # noqa: PLC0415
    from tgnas.results.figures import draw_final_training  # noqa: PLC0415
    from tgnas.results.style import save  # noqa: PLC0415

    chosen = read_recipe(recipe, dict(_change(text) for text in changes or ()))
    if architecture.endswith(".json"):
        architecture = _found_in(Path(architecture))
    torch.set_num_threads(threads)
    to.mkdir(parents=True, exist_ok=True)
    limit = None if minutes is None else 60 * minutes
    with joined() as process:
        history, facts = trained(
            architecture,
            chosen,
            images,
            to,
            seed=seed,
            process=process,
            workers=workers,
            seconds=limit,
        )
        if not process.writes:
            return
    finished = len(history) == chosen.epochs
    if finished:
        write_results(history, facts, to / "history.csv", to / "result.json")
        figure = draw_final_training(pd.DataFrame(history), facts)
        save(figure, to / "curves.png", to / "curves.pdf")
    facts = {key: facts[key] for key in ("epochs", "test_accuracy", "seconds", "device")}
    typer.echo(json.dumps(facts))
    if not finished:
        done = f"{len(history)} of {chosen.epochs} epochs are done; the same command goes on"
        errors.print(f"tgnas: {done}", markup=False)
        raise typer.Exit(UNFINISHED)


def _change(text: str) -> tuple[str, Any]:
    """Return the key and the value, written as in a recipe, of a change."""
    key, separator, value = text.partition("=")
    try:
        if separator:
            return key, yaml.safe_load(value)
    except yaml.YAMLError:
        pass
    raise typer.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="--set")


def _found_in(path: Path) -> str:
    """Return the architecture of a search's answer."""
    try:
        return str(json.loads(path.read_text())["architecture"])
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise DataError(f"{path} holds no JSON object with an 'architecture'") from error


@app.command()
@_guarded
def spaces() -> None:
    """List the built-in search spaces."""
    from tgnas.registry import SPACES  # noqa: PLC0415

    table = Table("space", "operators", "strings", "description")
    for name in SPACES.names():
        space = open_space(name)
        size = f"{space.size:,}" if space.size else ""
        table.add_row(name, ", ".join(space.operators), size, space.description)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


@app.command()
@_guarded
def methods() -> None:
    """List the trained predictors, the searchers and the other families of methods."""
    from tgnas.inference.pretrained import available, read_card  # noqa: PLC0415
    from tgnas.registry import GRAPH_PROXIES, PREDICTORS, SEARCHERS  # noqa: PLC0415

    table = Table("family", "name", "title", "what it needs or was trained on")
    for name in available():
        card = read_card(None, name)
        table.add_row("trained", name, card["title"], ", ".join(card["trained_on"]))
    families = (("searcher", SEARCHERS), ("predictor", PREDICTORS), ("proxy", GRAPH_PROXIES))
    for kind, family in families:
        for name in family.names():
            card = family.module(name).CARD
            table.add_row(kind, name, card.title, card.needs)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


@app.command()
@_guarded
def describe(
    architecture: Annotated[str, typer.Argument(help="The space's own string, or a JSON object.")],
    space: SpaceOption,
    predictor: PredictorOption = DEFAULT,
    png: Annotated[Path | None, typer.Option("--png", help="Draw the cells into a PNG.")] = None,
) -> None:
    """Draw an architecture, its canonical graph, its size where that is known, and its score."""
    from tgnas.encodings.canonical import canonicalise  # noqa: PLC0415
    from tgnas.operators import PADDING  # noqa: PLC0415
    from tgnas.results import cell_drawing  # noqa: PLC0415

    if png is not None and png.suffix != ".png":
        raise typer.BadParameter("the name must end in .png", param_hint="--png")
    opened = open_space(space)
    try:
        cells = opened.parse(architecture)
    except UnknownNameError as error:
        raise DataError(str(error)) from error
    typer.echo(f"architecture  {opened.format(architecture)}")
    typer.echo(f"as JSON       {json.dumps(opened.object_of(architecture))}")
    graphs = canonicalise(cells)
    drawings = {}
    for row in range(len(cells)):
        kind = f" of cell {row + 1} of {len(cells)}" if len(cells) > 1 else ""
        whole = (cells.operators[row], cells.adjacency()[row].astype(int))
        for title, (operators, edges) in {
            f"graph{kind}": whole,
            f"canonical graph{kind}": (graphs.operators[row], graphs.edges[row]),
        }.items():
            size = int((operators != PADDING).sum())
            names = [opened.name_of(int(code)) for code in operators[:size]]
            drawings[title] = (names, edges[:size, :size])
            typer.echo(f"\n{title}\n{cell_drawing.as_text(*drawings[title])}")
    typer.echo("")
    for name, value in sizes_of(opened, cells).items():
        typer.echo(f"{name:<12}  {value}")
    found = _load(predictor)
    typer.echo(f"{'score':<12}  {found.score([architecture], opened)[0]:.6f}  ({predictor})")
    typer.echo(f"{'spread':<12}  {found.spread([architecture], opened)[0]:.6f}")
    if png is not None:
        cell_drawing.write_picture(png, drawings)


def sizes_of(space: Space, cells: Any) -> dict[str, str]:
    """Return parameters and FLOPs of an architecture's network where a built-in space has one."""
    from tgnas.registry import COSTS, SPACES  # noqa: PLC0415

    known = space.name in COSTS.names() and space.name in SPACES.names()
    if not known or dict(open_space(space.name).operators) != dict(space.operators):
        return {}
    module = COSTS.module(space.name)
    sizes = {"parameters": f"{int(module.count_parameters(cells, 10)[0]):,} (CIFAR-10)"}
    if hasattr(module, "count_flops"):
        flops = float(module.count_flops(cells, 10, 32)[0])
        sizes["FLOPs"] = f"{flops:,.2f} million (CIFAR-10)"
    return sizes


@space_app.command("check")
@_guarded
def check(
    file: Annotated[str, typer.Argument(help="A space file, or a built-in space's name.")],
    architectures: Annotated[
        str | None, typer.Option("--architectures", help="Architectures to check against it.")
    ] = None,
) -> None:
    """Check a space file, say how it is understood, and show an architecture of it."""
    from tgnas.operators import NAMES  # noqa: PLC0415

    space = open_space(file)
    table = Table("operator", "is", "description")
    for name, code in space.operators.items():
        new = space.new[code - len(NAMES)] if code >= len(NAMES) else None
        table.add_row(name, "new" if new else NAMES[code], new.description if new else "")
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    if space.choices:
        row = np.random.default_rng(0).integers([len(options) for options in space.choices])
        text = space.text_of_choices(row.tolist())
        typer.echo(f"{space.size:,} architectures can be written, such as\n  {text}")
        typer.echo(f"or, as JSON,\n  {json.dumps(space.object_of(text))}")
    if architectures is not None:
        source = Source(architectures, format_of(architectures))
        count = sum(len(parsed(space, chunk, source)[0].numbers) for chunk in source.chunks())
        typer.echo(f"{architectures}: {count:,} architectures, all of this space")
    typer.echo(f"{file}: a search space named {space.name}")


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


if __name__ == "__main__":
    main()
