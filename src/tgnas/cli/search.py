"""``tgnas search``: the best architectures of a space within a budget of scores."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import INTERRUPTED, errors, load_scorer, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from tgnas.inference.search import Found

BUDGET_HELP = (
    "How many scores at most. random, local_search and regularised_evolution need 1, "
    "differential_evolution 8; pruning 353 in nasbench201 and 2397 in darts, hybrid twice that; "
    "exhaustive the whole space; alphanas 1, in programs alone."
)


def search(
    space: option.Space,
    searcher: Annotated[str, typer.Option("--searcher", help="One of tgnas methods.")] = "hybrid",
    budget: Annotated[int, typer.Option("--budget", min=1, help=BUDGET_HELP)] = 5000,
    constraint: option.Constraints = None,
    costs: option.Costs = None,
    pareto: Annotated[
        str | None,
        typer.Option(
            "--pareto",
            help="score,COST,...: --output is the front of what was scored, as a table and beside "
            "it as a figure.",
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many --output holds.")] = 1,
    to: Annotated[
        Path | None, typer.Option("--output", help="A table of the best; its name is its format.")
    ] = None,
    spread: Annotated[
        bool,
        typer.Option(
            "--spread",
            help="Add to --output the standard deviation over the seeds, and the share of seeds "
            "that put a row above the next.",
        ),
    ] = False,
    history: Annotated[
        Path | None, typer.Option("--history", help="A table of every query in order.")
    ] = None,
    oracle: Annotated[
        str | None,
        typer.Option(
            "--oracle",
            help="A table of known accuracies (columns 'architecture' and 'accuracy') that is "
            "queried instead of a predictor, by a searcher of labels such as "
            "bayesian_optimisation.",
        ),
    ] = None,
    accuracy_column: option.AccuracyColumn = "accuracy",
    predictor: option.Predictor = option.DEFAULT,
    seed: option.Seed = 0,
    threads: option.Threads = 1,
) -> None:
    """Find the best architectures of a space with a budget of scores; writes the best as JSON.

    Ctrl-C ends the search with the best so far, which is written, and exit code 130.
    """
    from tgnas.inference.search import search as search_space
    from tgnas.inference.streaming import format_of, writable
    from tgnas.spaces.space import open_space

    if to is None and (pareto is not None or spread or top > 1):
        raise typer.BadParameter("--top, --spread and --pareto need it", param_hint="--output")
    if oracle is not None:
        if any((constraint, costs, pareto, to, history)):
            raise typer.BadParameter(
                "a table of accuracies is searched whole", param_hint="--oracle"
            )
        _search_table(oracle, accuracy_column, space, searcher, budget, predictor, seed)
        return
    for path in (to, history):
        if path is not None:
            format_of(str(path))
            writable(path)
    opened, goals = open_space(space), [] if pareto is None else pareto.split(",")
    with _progress(budget) as told:
        found = search_space(
            load_scorer(predictor, opened),
            opened,
            searcher,
            budget,
            seed,
            threads,
            constraints=constraint or (),
            costs=costs or (),
            told=told,
        )
    if to is not None:
        _write_best(found, to, goals, top, spread)
    if history is not None:
        _write(found.history(), history)
    verdict = found.verdict()
    if verdict is not None and not verdict.tells:
        tell(str(verdict))
    facts = {"architecture": found.architecture, "score": found.score, "queries": found.queries}
    costed = {limit.cost: _cost(found, limit.cost) for limit in found.limits}
    typer.echo(json.dumps(facts | costed, ensure_ascii=False))
    if found.interrupted:
        tell(f"interrupted: the best of {found.queries:,} of {budget:,} scores")
        raise typer.Exit(INTERRUPTED)


def _search_table(
    oracle: str, column: str, space: str, searcher: str, budget: int, predictor: str, seed: int
) -> None:
    from dataclasses import asdict

    from tgnas.inference.suggestions import known_of, search_known
    from tgnas.spaces.space import open_space

    opened = open_space(space)
    known = known_of(oracle, opened, column)
    best = search_known(known, opened, searcher, budget, load_scorer(predictor, opened), seed)
    typer.echo(json.dumps(asdict(best), ensure_ascii=False))


def _cost(found: "Found", name: str) -> float:
    return float(found.costs.of(name, found.space.parse(found.architecture))[0])


def _write_best(found: "Found", to: Path, goals: list[str], top: int, spread: bool) -> None:
    if not goals:
        _write(found.top(top, spread=spread), to)
        return
    from tgnas.results._front import draw_front

    table = found.front(goals)
    _write(table, to)
    draw_front(found.history_of(goals), table, goals, to.with_suffix(".png"))
    tell(f"{len(table)} architectures on the front: {to} and {to.with_suffix('.png')}")


def _write(table: object, path: Path) -> None:
    from tgnas.inference.streaming import format_of, output

    with output(str(path), format_of(str(path))) as writer:
        writer.write(table)


@contextmanager
def _progress(budget: int) -> "Iterator[Callable[[int], None]]":
    """Yield what is told how many were scored; shows how far it is and the time left."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.completed:,.0f} of {task.total:,} scores"), BarColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=errors, disable=not errors.is_terminal
    ) as bar:
        task = bar.add_task("searching", total=budget)
        yield lambda scored: bar.advance(task, scored)
