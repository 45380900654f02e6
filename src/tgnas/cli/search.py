"""``tgnas search``: the best architectures of a space within a budget of scores."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tgnas.cli import option
from tgnas.cli.common import (
    apart,
    check_costs,
    check_known,
    check_spread,
    errors,
    load_scorer,
    needs,
    ready,
    tell,
)
from tgnas.cli.option import STANDARD
from tgnas.errors import number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tgnas.inference.search import Found
    from tgnas.spaces.space import Space

# What is not named: the budget of scores; searcher and budget of a table of accuracies.
SCORES = 5000
OF_ACCURACIES = ("bayesian_optimisation", 50)
BUDGET_HELP = (
    f"How many scores at most ({SCORES}), or accuracies of --oracle ({OF_ACCURACIES[1]}). "
    "random, local_search and regularised_evolution need 1, differential_evolution 8; pruning 353 "
    "in nasbench201 and 2397 in darts, hybrid twice that; exhaustive the whole space; alphanas 1, "
    "in programs alone."
)


def search(
    space: option.Space,
    searcher: Annotated[
        str | None,
        typer.Option(
            "--searcher",
            help="One of tgnas methods; hybrid, or regularised_evolution where that cannot search "
            f"within the budget; with --oracle {OF_ACCURACIES[0]}.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        int | None, typer.Option("--budget", min=1, help=BUDGET_HELP, show_default=False)
    ] = None,
    constraint: option.Constraints = None,
    costs: option.Costs = None,
    pareto: Annotated[
        str | None,
        typer.Option(
            "--pareto",
            help="score,COST,...: --output is the front of what was scored, as a table and beside "
            "it as a figure. With --oracle accuracy,COST: each query is the accuracy that is "
            "expected to enlarge the front the most.",
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
            "queried instead of a predictor, by a searcher of labels; of an architecture with "
            "several, the mean.",
        ),
    ] = None,
    accuracy_column: option.AccuracyColumnIfAny = None,
    predictor: option.Predictor = option.DEFAULT,
    seed: option.Seed = 0,
    threads: option.Threads = 1,
) -> None:
    """Find the best architectures of a space with a budget of scores; writes the best as JSON.

    Ctrl-C ends the search with the best so far, which is written, and exit code 130; so does
    SIGTERM, as of a time limit, with 143.
    """
    from tgnas.inference.asked import members_of, names_in
    from tgnas.inference.costs import check_goals
    from tgnas.registry import SEARCHERS
    from tgnas.spaces.space import open_space

    needs("--accuracy-column", accuracy_column, "--oracle", oracle)
    column = accuracy_column or option.ACCURACY
    _check_outputs(to, history, pareto is not None, spread or top > 1)
    read = (oracle, predictor, *(costs or ()))
    apart(to, *read)
    apart(history, to, *read, option="--history")
    SEARCHERS.module_name(searcher or OF_ACCURACIES[0])  # refuses what there is not
    members_of(predictor)
    opened, goals = open_space(space), [] if pareto is None else names_in(pareto)
    if oracle is not None:
        whole = constraint or spread or top > 1 or threads > 1
        if whole or (pareto is None and (costs or to or history)):
            raise typer.BadParameter(
                "a table of accuracies is searched whole", param_hint="--oracle"
            )
        check_known(oracle, opened, column)
        table = _Oracle(oracle, column, space, predictor, seed)
        labels = budget or OF_ACCURACIES[1]
        if pareto is None:
            _search_table(table, searcher or OF_ACCURACIES[0], labels)
        else:
            assert to is not None  # refused above
            if searcher is not None:
                raise typer.BadParameter(
                    "a front of accuracies is searched by expected improvement alone",
                    param_hint="--searcher",
                )
            _search_front(table, goals, costs or [], labels, to, history)
        return
    check_costs(opened, constraint, costs, check_goals(goals) if goals else [])
    from tgnas.inference.search import search as search_space

    scores = budget or SCORES
    searcher = searcher or _usual_searcher(opened, scores)
    scorer = load_scorer(predictor, opened)
    if spread:
        check_spread(scorer, predictor, opened)
    with _progress(scores) as told:
        outcome = search_space(
            scorer,
            opened,
            searcher,
            scores,
            seed,
            threads,
            constraints=constraint or (),
            costs=costs or (),
            told=told,
        )
    verdict = outcome.verdict()
    if verdict is not None and not verdict.tells:
        tell(str(verdict))
    facts = {
        "architecture": outcome.architecture,
        "score": outcome.score,
        "queries": outcome.queries,
    }
    costed = {c.cost: _cost(outcome, c.cost) for c in outcome.constraints}
    # Before the files, so that a full disk leaves what was found.
    typer.echo(json.dumps(facts | costed, ensure_ascii=False))
    if to is not None:
        _write_best(outcome, to, goals, top, spread)
    if history is not None:
        _write(outcome.history(), history)
    if outcome.interrupted:
        tell(f"interrupted: the best of {outcome.queries:,} of {number_of(scores, 'score')}")
        raise typer.Exit(outcome.interrupted)


def _usual_searcher(space: "Space", budget: int) -> str:
    """Return the searcher that is taken where none is named; say so where it is not the usual."""
    from tgnas.inference.asked import SEARCHER
    from tgnas.inference.search import usual_searcher

    searcher, reason = usual_searcher(space, budget)
    if reason:
        tell(f"searched by {searcher}, not {SEARCHER}: {reason}")
    return searcher


def _check_outputs(to: Path | None, history: Path | None, front: bool, best: bool) -> None:
    """Refuse outputs that cannot be written, and those that leave an option nothing to do.

    Args:
        to: of the best, or of a front.
        history: of every query.
        front: whether a front is asked for.
        best: whether more is asked for of a table of the best.
    """
    from tgnas.files import is_device
    from tgnas.inference.streaming import format_of

    if to is None and (front or best):
        raise typer.BadParameter("--top, --spread and --pareto need it", param_hint="--output")
    if front and best:
        raise typer.BadParameter(
            "--output holds the whole front, which --top and --spread change nothing of",
            param_hint="--pareto",
        )
    if STANDARD in map(str, (to, history)):
        raise typer.BadParameter(
            f"{STANDARD!r} is no file; standard output is for the best, as JSON",
            param_hint="--output" if str(to) == STANDARD else "--history",
        )
    for path in (to, history):
        if path is not None:
            format_of(str(path))
            ready(str(path))
    if front and to is not None:
        if is_device(to):
            raise typer.BadParameter(
                f"a figure stands beside it, for which {to} has no place; name a file",
                param_hint="--output",
            )
        ready(str(to.with_suffix(".png")))


class _Oracle(NamedTuple):
    """A table of accuracies, and what a search of it begins with."""

    file: str
    column: str
    space: str
    predictor: str
    seed: int


def _search_table(table: _Oracle, searcher: str, budget: int) -> None:
    from dataclasses import asdict

    from tgnas.inference.known import known_of, search_known
    from tgnas.spaces.space import open_space

    opened = open_space(table.space)
    known = known_of(table.file, opened, table.column)
    best = search_known(
        known, opened, searcher, budget, load_scorer(table.predictor, opened), table.seed
    )
    typer.echo(json.dumps(asdict(best), ensure_ascii=False))


def _search_front(
    table: _Oracle, goals: list[str], costs: list[str], budget: int, to: Path, history: Path | None
) -> None:
    from tgnas.results._front import ACCURACY, draw_front
    from tgnas.spaces.space import open_space

    if len(goals) != 2 or ACCURACY not in goals:
        raise typer.BadParameter(
            "of a table of accuracies it is accuracy,COST", param_hint="--pareto"
        )
    [cost] = [goal for goal in goals if goal != ACCURACY] or goals[:1]
    opened = open_space(table.space)
    check_costs(opened, [], costs, [cost])
    from tgnas.inference.known import known_of, search_known_front

    known = known_of(table.file, opened, table.column)
    front = search_known_front(
        known,
        opened,
        cost,
        budget,
        load_scorer(table.predictor, opened),
        costs=costs,
        seed=table.seed,
    )
    _write(front.members, to)
    if history is not None:
        _write(front.queried, history)
    shown = front.members.column_names[1:]
    draw_front(front.queried, front.members, shown, to.with_suffix(".png"))
    tell(
        f"{number_of(len(front.members), 'architecture')} on the front: {to} and "
        f"{to.with_suffix('.png')}"
    )
    facts = {"queries": len(front.queried), "members": len(front.members)}
    typer.echo(json.dumps(facts | {"hypervolume": front.hypervolume}))


def _cost(outcome: "Found", name: str) -> float:
    return float(outcome.costs.of(name, outcome.space.parse(outcome.architecture))[0])


def _write_best(outcome: "Found", to: Path, goals: list[str], top: int, spread: bool) -> None:
    if not goals:
        _write(outcome.top(top, spread=spread), to)
        return
    from tgnas.results._front import draw_front

    table = outcome.front(goals)
    _write(table, to)
    draw_front(outcome.history_of(goals), table, goals, to.with_suffix(".png"))
    number = number_of(len(table), "architecture")
    tell(f"{number} on the front: {to} and {to.with_suffix('.png')}")


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
