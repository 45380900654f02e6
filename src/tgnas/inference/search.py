"""Searching a space of one's own within a budget of scores, under constraints of one's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int64

from tgnas.costs.constraints import Constraint, by_debs_rule
from tgnas.costs.front import front
from tgnas.costs.named import Costs
from tgnas.errors import (
    ConfigError,
    ContractError,
    DataError,
    UnknownNameError,
    number_of,
    shown,
    some_of,
)
from tgnas.inference.arguments import checked
from tgnas.inference.asked import ANYWHERE, SEARCHER
from tgnas.inference.costs import check_goals, costs_of
from tgnas.inference.pretrained import Pretrained, agreement_with_next, spread_of
from tgnas.inference.scorers import REFERENCE, Scoring, Together, Within
from tgnas.inference.streaming import SCORE
from tgnas.inference.verdict import Verdict
from tgnas.methods.trained import CHUNK
from tgnas.processes import TerminatedError
from tgnas.registry import SEARCHERS
from tgnas.searching.oracles import Oracle, searched
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space

Scores = Float64[np.ndarray, " N"]


@dataclass(eq=False)
class Queries:
    """The oracle's source: a predictor's scores, under constraints, of which nothing is forgotten.

    Attributes:
        predictor: whose scores they are.
        space: of the architectures.
        costs: that constraints are put on.
        constraints: what is kept to.
        threads: how many score at once.
        told: is called with how many were just scored.
        answered: the pieces that were scored, with their scores and what each breaks constraints
            by; one entry for all three, so that an interruption leaves none without the others.
        first: the scores of the first query; None before it is answered.
    """

    predictor: Scoring | Within
    space: Space
    costs: Costs
    constraints: Sequence[Constraint]
    threads: int
    told: Callable[[int], None]
    answered: list[tuple[Architectures, Scores, Scores]] = field(default_factory=list)
    first: Scores | None = None

    def __call__(
        self, architectures: Architectures, fidelity: int | None = None
    ) -> tuple[Scores, float]:
        """Return what a searcher is told of the scores, and the seconds of trainings: none."""
        del fidelity  # a predictor has none
        if not len(architectures):
            return np.empty(0), 0.0
        size = self.threads * max(1, CHUNK // architectures.cells_per_architecture)
        starts = range(0, len(architectures), size)
        pieces = [self._answer(architectures[start : start + size]) for start in starts]
        scores, excess = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        first = self.first = scores if self.first is None else self.first
        return by_debs_rule(scores, excess, first), 0.0

    def _answer(self, piece: Architectures) -> tuple[Scores, Scores]:
        """Return the scores of a piece and what each breaks constraints by; keep them at once.

        A query of many is kept piece by piece, so that Ctrl-C leaves the best of what was scored.
        """
        scores = self.predictor.score(piece, self.space, self.threads)
        faulty = np.flatnonzero(~np.isfinite(scores))
        if len(faulty):
            [text] = self.space.format(piece[faulty[:1]])
            raise DataError(
                f"{some_of(len(faulty), len(scores), 'score')} not finite; the first: {text!r}"
            )
        excess = self.costs.excess(self.constraints, piece)
        self.answered.append((piece, scores, excess))
        self.told(len(scores))
        return scores, excess


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found.

    Attributes:
        architecture: the string of the best-scored that keeps the constraints, or of the one that
            the searcher returns, where there are none.
        score: its score, the ensemble's mean.
        queries: how many architectures were scored, at most the budget.
        interrupted: the exit code of what stopped it before its budget was spent (130 of Ctrl-C,
            143 of SIGTERM), else 0.
    """

    architecture: str
    score: float
    queries: int
    interrupted: int
    predictor: Scoring
    space: Space
    costs: Costs
    scored: Architectures  # in the order of the queries
    scores: Scores
    excess: Scores
    constraints: tuple[Constraint, ...] = ()

    @checked
    def top(self, count: int = 10, *, spread: bool = False) -> pa.Table:
        """Return the best-scored different architectures that keep the constraints, best first.

        Columns: rank, architecture, score, the cost of every constraint and, if asked for, the
        spread of the members' scores and the share of members that put a row above the next one.
        """
        different, _ = self.scored.distinct()
        kept = different[self.excess[different] == 0]
        rows = kept[np.argsort(-self.scores[kept], kind="stable")[:count]]
        table = self._table(rows, [c.cost for c in self.constraints])
        table = table.add_column(0, "rank", pa.array(np.arange(1, len(rows) + 1)))
        if spread:
            members = self.predictor.scores(self.scored[rows], self.space)
            table = table.append_column("spread", pa.array(spread_of(members)))
            table = table.append_column("agreement", pa.array(agreement_with_next(members)))
        return table

    def verdict(self) -> Verdict | None:
        """Return what speaks against the scores of a trained predictor; of others None."""
        if not isinstance(self.predictor, Pretrained):
            return None
        different, _ = self.scored.distinct()
        return self.predictor.verdict(self.scored[different[:REFERENCE]], self.space)

    def history(self) -> pa.Table:
        """Return every query in order.

        Columns: query (from 1), architecture, score, the cost of every constraint, and best (the
        highest score so far that keeps the constraints; NaN before there is one).
        """
        table = self._table(np.arange(self.queries), [c.cost for c in self.constraints])
        best = np.maximum.accumulate(np.where(self.excess == 0, self.scores, -np.inf))
        table = table.add_column(0, "query", pa.array(np.arange(1, self.queries + 1)))
        return table.append_column("best", pa.array(np.where(np.isfinite(best), best, np.nan)))

    @checked
    def history_of(self, goals: str | Sequence[str]) -> pa.Table:
        """Return every different architecture that was scored, with the goals as columns."""
        different, _ = self.scored.distinct()
        return self._table(different, [goal for goal in goals if goal != SCORE])

    @checked
    def front(self, goals: str | Sequence[str]) -> pa.Table:
        """Return what no other scored architecture beats: a higher score, and lower costs.

        Goals are a list, or a text with commas between them, such as ``score,flops``.

        Columns: architecture, score, and each cost among the goals; best-scored first.

        Raises:
            ConfigError: the goals are not score and at least one cost.
            UnknownNameError: nothing is known of a cost.
        """
        costs = check_goals(goals)
        different, _ = self.scored.distinct()
        rows = different[self.excess[different] == 0]
        values = [self.costs.of(cost, self.scored[rows]) for cost in costs]
        rows = rows[front(np.column_stack(values), self.scores[rows])]
        return self._table(rows[np.argsort(-self.scores[rows], kind="stable")], costs)

    def _table(self, rows: Int64[np.ndarray, " N"], costs: Sequence[str]) -> pa.Table:
        chosen = self.scored[rows]
        columns: dict[str, Any] = {"architecture": self.space.format(chosen)}
        columns[SCORE] = self.scores[rows]
        return pa.table(columns | {cost: self.costs.of(cost, chosen) for cost in costs})


def usual_searcher(space: Space, budget: int) -> tuple[str, str]:
    """Return the searcher that is taken where none is named, and why it is not TG-NAS's own.

    TG-NAS's prunes and evolves, which needs independent choices and a budget that grows with them.
    Where it cannot, regularised evolution is taken, which needs neither.

    Returns:
        The searcher's name, and the reason; no text where it is TG-NAS's own.
    """
    try:
        SEARCHERS.module(SEARCHER).settings_within(space, budget)
    except ConfigError as error:
        return ANYWHERE, str(error)
    return SEARCHER, ""


def least_budget(space: Space, searcher: str) -> int | None:
    """Return the least budget that a searcher can do with in a space; None where none will do.

    Raises:
        UnknownNameError: there is no such searcher.
    """
    module = SEARCHERS.module(searcher)
    within = getattr(module, "settings_within", None)
    if within is None:
        return 1
    low, high = 0, 1
    while not _enough(within, space, high):
        low, high = high, 2 * high
        if high > 1 << 24:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _enough(within, space, middle) else (middle, high)
    return high


def _enough(within: Callable[[Space, int], Any], space: Space, budget: int) -> bool:
    try:
        within(space, budget)
    except ConfigError:
        return False
    return True


def search(
    predictor: Scoring,
    space: Space,
    searcher: str | None = None,
    budget: int = 5000,
    seed: int = 0,
    threads: int = 1,
    *,
    constraints: Sequence[str] = (),
    costs: Sequence[str | Path] = (),
    told: Callable[[int], None] = lambda _: None,
) -> Found:
    """Return what a searcher finds with at most `budget` scores.

    Args:
        predictor: whose scores are searched. Several together rank among ``REFERENCE``
            architectures that are drawn from the space; those are no queries.
        space: where.
        searcher: a file of ``tgnas.methods.searchers``; None is ``usual_searcher``.
        budget: how many architectures may be scored.
        seed: of what is drawn.
        threads: how many score at once.
        constraints: such as ``params<=1.5e6``; what breaks one is worse than all that keep them.
        costs: tables of costs (``tgnas.inference.costs``).
        told: is called with the number of architectures that were just scored. Interrupted by
            KeyboardInterrupt or SIGTERM, the search ends with what it has.

    Raises:
        UnknownNameError: there is no such searcher, or nothing is known of a cost.
        ConfigError: the searcher cannot walk on the space, or not with so small a budget; or
            nothing that was scored keeps the constraints.
        DataError: a score is not finite, so that nothing can be searched by it.
    """
    known = costs_of(space, costs)
    parsed = known.constraints(constraints)
    if searcher is None:
        searcher, _ = usual_searcher(space, budget)
    module = SEARCHERS.module(searcher)
    if "scores" not in module.CARD.needs:
        able = [n for n in SEARCHERS.names() if "scores" in SEARCHERS.module(n).CARD.needs]
        raise UnknownNameError("searcher that needs no labels", searcher, able)
    within = getattr(module, "settings_within", None)
    settings = within(space, budget) if within else module.Settings(budget=budget)
    if not isinstance(settings, module.Settings):
        raise ContractError(
            f"searcher {searcher!r}: settings_within gives {shown(settings)}, not Settings"
        )
    scorer: Scoring | Within = predictor
    if isinstance(predictor, Together):
        reference = space.sample(REFERENCE, np.random.default_rng(0))
        scorer = predictor.ranked_among(reference, space, threads)
    queries = Queries(scorer, space, known, parsed, threads, told)
    incumbent, interrupted = None, 0
    try:
        draws = np.random.default_rng(seed)
        incumbent = searched(searcher, space, Oracle(queries), settings, draws).incumbent
    except (KeyboardInterrupt, TerminatedError) as stop:
        if not queries.answered:
            raise
        interrupted = stop.exit_code if isinstance(stop, TerminatedError) else 128 + SIGINT
    pieces, *values = zip(*queries.answered, strict=True)
    scored = Architectures.concatenate(pieces)
    scores, excess = map(np.concatenate, values)
    if incumbent is None or parsed:
        incumbent = _best(scores, excess, parsed)
    [text] = space.format(scored[incumbent : incumbent + 1])
    score = float(scores[incumbent])
    about = (predictor, space, known, scored, scores, excess, parsed)
    return Found(text, score, len(scores), interrupted, *about)


def _best(scores: Scores, excess: Scores, constraints: Sequence[Constraint]) -> int:
    kept = np.flatnonzero(excess == 0)
    if not len(kept):
        raise ConfigError(
            f"none of {number_of(len(scores), 'scored architecture')} keeps "
            f"{', '.join(map(str, constraints))}; "
            f"the nearest breaks them by {100 * excess.min():.3g} %"
        )
    return int(kept[np.argmax(scores[kept])])
