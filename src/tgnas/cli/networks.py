"""``tgnas train-network``: an architecture's own network learns from images."""

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tgnas.cli import option
from tgnas.cli.common import UNFINISHED, set_once, tell
from tgnas.errors import ArgumentError, ConfigError, UnknownInDataError, some_of

if TYPE_CHECKING:
    from tgnas.image_training.recipe import Recipe


def train_network(
    recipe: Annotated[Path, typer.Option("--recipe", help="A recipe: a file of config/recipes.")],
    architecture: Annotated[
        str,
        typer.Option("--architecture", help="The space's own string, or a best.json of a search."),
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
    seed: option.Seed = 0,
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Processes that decode an image folder.")
    ] = 4,
    threads: option.Trained = 1,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", min=0, help="Stop after the last epoch that is likely to fit."),
    ] = None,
    step: Annotated[
        Literal["eager", "captured", "compiled"],
        typer.Option(
            "--step", help="How a GPU takes it: captured as a CUDA graph, or compiled first."
        ),
    ] = "eager",
    force: Annotated[
        bool, typer.Option("--force", help="Start anew, whatever training is in the folder.")
    ] = False,
) -> None:
    """Train an architecture's network by a recipe; resumes where it was stopped or killed.

    With another number of processes, too; a folder of another training is refused.
    """
    from tgnas.files import readable, writable_folder
    from tgnas.inference.asked import architecture_in
    from tgnas.spaces.space import open_space

    chosen = _recipe(recipe, set_once(_change(text) for text in changes or ()))
    architecture = architecture_in(architecture)
    open_space(chosen.space).parse(architecture)
    if chosen.dataset != "digits" and not images.is_dir():
        readable(images)
    writable_folder(to)
    import pandas as pd
    import torch

    from tgnas.image_training import final
    from tgnas.image_training.processes import joined
    from tgnas.results._style import save
    from tgnas.results.final_training_curves import draw

    torch.set_num_threads(threads)
    limit = None if minutes is None else 60 * minutes
    with joined() as process:
        history, facts = final.train_network(
            architecture,
            chosen,
            images,
            to,
            seed=seed,
            process=process,
            workers=workers,
            seconds=limit,
            other="anew" if force else "refuse",
            step=step,
        )
        if not process.writes:
            return
    finished = len(history) == chosen.epochs
    if finished:
        final.write_results(history, facts, to / "history.csv", to / "result.json")
        figure = draw(pd.DataFrame(history), facts)
        save(figure, to / "curves.png", to / "curves.pdf")
    shown = {key: facts[key] for key in ("epochs", "test_accuracy", "seconds", "device")}
    typer.echo(json.dumps(shown))
    if not finished:
        tell(f"{some_of(len(history), chosen.epochs, 'epoch')} done; the same command goes on")
        raise typer.Exit(UNFINISHED)


def _recipe(path: Path, changes: dict[str, Any]) -> "Recipe":
    """Return a changed recipe; a fault that its file alone does not have is the option's.

    Raises:
        ArgumentError: a change is not allowed.
    """
    from tgnas.image_training.recipe import read_recipe

    try:
        return read_recipe(path, changes)
    except (ConfigError, UnknownInDataError) as error:
        read_recipe(path)
        raise ArgumentError(f"--set: {error}") from error


def _change(text: str) -> tuple[str, Any]:
    """Return the key and the value, written as in a recipe, of a change."""
    from tgnas.validation import read_yaml

    key, separator, value = text.partition("=")
    with suppress(ValueError):
        if separator:
            return key, read_yaml(value)
    raise typer.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="--set")
