"""``tgnas score``, ``rank`` and ``evaluate``: a file of architectures goes through a predictor."""

import json
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import (
    apart,
    check_spread,
    errors,
    leave_pandas_out_of_arrow,
    load_scorer,
    ready,
    tell,
    tell_skipped,
)
from tgnas.errors import number_of, some_of

if TYPE_CHECKING:
    from tgnas.inference.pretrained import Pretrained
    from tgnas.inference.scoring import Scored, Scorer
    from tgnas.inference.streaming import Source


def score(
    space: option.Space,
    architectures: option.Architectures,
    to: option.Output = option.STANDARD,
    predictor: option.Predictor = option.DEFAULT,
    spread: Annotated[
        bool,
        typer.Option(
            "--spread",
            help="Add the standard deviation over the seeds, which holds each seed's offset: "
            "what an order is worth the agreement of rank says.",
        ),
    ] = False,
    threads: option.Threads = 1,
    on_error: option.Faulty = option.OnError.FAIL,
    input_format: option.InputFormat = None,
    output_format: option.OutputFormat = None,
    shard: option.Shard = "1/1",
) -> None:
    """Write the columns of a file with the score of each architecture; higher is better."""
    from tgnas.inference.streaming import format_of, output

    written = format_of(to, output_format)
    apart(to, architectures, predictor)
    ready(to)
    source = _source(architectures, on_error, input_format, shard)
    scorer, rows = _scorer(space, source, predictor, threads, spread=spread)
    from tgnas.inference.scoring import with_score

    with output(to, written) as writer:
        for scored in _shown(scorer, rows):
            writer.write(with_score(scored, spread))


def rank(
    space: option.Space,
    architectures: option.Architectures,
    to: option.Output = option.STANDARD,
    predictor: option.Predictor = option.DEFAULT,
    top: Annotated[int, typer.Option("--top", min=1, help="How many of the best.")] = 10,
    threads: option.Threads = 1,
    on_error: option.Faulty = option.OnError.FAIL,
    input_format: option.InputFormat = None,
    output_format: option.OutputFormat = None,
    shard: option.Shard = "1/1",
) -> None:
    """Write the best architectures of a file, best first; of equal ones the earlier.

    A file that score wrote is ranked by its scores. Otherwise the column agreement says which share
    of the predictor's seeds puts a row above the next.
    """
    from tgnas.inference.streaming import SCORE, format_of, output

    written = format_of(to, output_format)
    apart(to, architectures, predictor)
    source = _source(architectures, on_error, input_format, shard)
    with output(to, written) as writer:
        first = source.first()
        if first is not None and SCORE in first.table.column_names:
            from tgnas.inference.scoring import best_of, scored_before

            tell(f"{architectures} has a column {SCORE!r}, by which it is ranked")
            best = best_of(scored_before(source), top, architectures)
            tell_skipped(source)
        else:
            shown = _shown(*_scorer(space, source, predictor, threads))
            from tgnas.inference.scoring import best_of

            best = best_of(shown, top, architectures)
        writer.write(best)


def evaluate(
    space: option.Space,
    architectures: option.Architectures,
    accuracy_column: option.AccuracyColumn,
    predictor: option.Predictor = option.DEFAULT,
    threads: option.Threads = 1,
    on_error: option.Faulty = option.OnError.FAIL,
    input_format: option.InputFormat = None,
    to: Annotated[
        str, typer.Option("--output", help="A JSON file; - is standard output.")
    ] = option.STANDARD,
) -> None:
    """Measure how well scores rank architectures whose accuracies are known.

    Beside it stands what counting alone is worth, and whether the two can be told apart.
    """
    from tgnas.files import claimed, device, is_device, written_whole

    apart(to, architectures, predictor)
    to_file = to != option.STANDARD and not is_device(to)
    with claimed(to) if to_file else nullcontext():
        source = _source(architectures, on_error, input_format)
        scorer, rows = _scorer(space, source, predictor, threads, accuracy_column)
        from tgnas.inference.evaluating import measures_of
        from tgnas.inference.scoring import labelled

        known = labelled(_shown(scorer, rows), accuracy_column, scorer.space, source)
        measures = measures_of(*known, scorer.space, architectures, scorer.learned)
        if scorer.learned:
            tell(
                f"{predictor} has learned labels of {', '.join(scorer.learned)}: where those were "
                "of these architectures, this says too much"
            )
        text = json.dumps(measures, indent=2) + "\n"
        if to_file:
            with written_whole(to) as part:
                part.write_text(text)
        elif to != option.STANDARD:
            with device(to) as stream:
                stream.write(text.encode())
        else:
            typer.echo(text, nl=False)


def _source(
    architectures: str, on_error: option.OnError, input_format: str | None, part: str = "1/1"
) -> "Source":
    from tgnas.inference.streaming import Shard, Source, format_of

    leave_pandas_out_of_arrow()
    written = format_of(architectures, input_format)
    try:
        shard = Shard.of(part)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--shard") from error
    return Source(architectures, written, on_error is option.OnError.SKIP, shard)


def _scorer(
    space: str,
    source: "Source",
    predictor: str,
    threads: int,
    column: str = "architecture",
    *,
    spread: bool = False,
) -> "tuple[Scorer, Iterator[Scored]]":
    """Return what scores a file, whose first rows are checked before torch is imported for it."""
    from tgnas.inference.asked import members_of
    from tgnas.inference.streaming import WHOLE
    from tgnas.spaces.space import open_space

    opened = open_space(space)
    members_of(predictor)
    source.check_first(opened, column)
    scoring = load_scorer(predictor, opened)
    if spread:
        check_spread(scoring, predictor, opened)
    from tgnas.inference.pretrained import Pretrained
    from tgnas.inference.scorers import Together
    from tgnas.inference.scoring import Scorer

    if isinstance(scoring, Together) and source.shard != WHOLE:
        raise typer.BadParameter(
            f"{predictor} ranks among all rows of a file, not of its parts", param_hint="--shard"
        )
    ensemble, learned = scoring.ensemble(opened), scoring.learned_of(opened)
    scorer = Scorer(opened, ensemble, source, threads, learned)
    if isinstance(scoring, Together):
        return scorer, scoring.run(scorer)
    return scorer, _doubted(scorer, scoring) if isinstance(scoring, Pretrained) else scorer.run()


def _doubted(scorer: "Scorer", predictor: "Pretrained") -> "Iterator[Scored]":
    """Yield the rows that are scored, then say in one line what speaks against the scores."""
    yield from scorer.run()
    verdict = predictor.verdict_on(scorer.tally, scorer.space)
    if not verdict.tells:
        tell(str(verdict))


def _shown(scorer: "Scorer", rows: "Iterator[Scored]") -> "Iterator[Scored]":
    """Yield the rows that are scored; show how far it is and say in the end what was done."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    source, start = scorer.source, time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=errors, disable=not errors.is_terminal
    ) as bar:
        task = bar.add_task("scoring", total=None)
        for scored in rows:
            yield scored
            rate = scorer.count / (time.perf_counter() - start)
            text = f"{number_of(scorer.count, 'architecture')}, {rate:,.0f}/s"
            share = source.share() if source.share else 0
            total = 1.0 if source.share else None
            bar.update(task, description=text, total=total, completed=share)
    source.check_some(scorer.count)
    seconds = time.perf_counter() - start
    rate = scorer.count / seconds if seconds else 0
    number = number_of(scorer.count, "architecture")
    tell(f"scored {number} in {seconds:.1f} s ({rate:,.0f} per second)")
    if scorer.not_finite:
        tell(
            f"{some_of(scorer.not_finite, scorer.count, 'score')} not finite; the first: "
            f"{scorer.first_not_finite}"
        )
    tell_skipped(source)
