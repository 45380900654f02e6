"""Whether a predictor's scores of a space tell anything, and why not.

Nothing here reads a label. The bounds were chosen on development spaces (docs/universal.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float64

from tgnas.encodings.counts import counts_of
from tgnas.encodings.embeddings import KnownOperators
from tgnas.encodings.live import live_pattern
from tgnas.encodings.meanings import meanings_of
from tgnas.operators import (
    ATTRIBUTES,
    NAMES,
    VOCABULARY,
    OperatorAttributes,
)
from tgnas.spaces.descriptions import attributes_of
from tgnas.spaces.skeleton import SEQUENCES
from tgnas.spaces.space import Space, numberless

MOST_DISAGREEMENT = 0.4  # on development spaces it is .07 to .17
MOST_TIES = 0.25
LEAST_COUNTS_AGREE = 0.5  # on development spaces of sequences it is .52 to .63, of cells .95
LEAST_SIMILARITY = 0.4  # of nonsense it is about .15, of a layer that has a known sibling above .5
COUNTING = "universal"  # the predictor that counts networks that differ in size
REMEMBERED = 1 << 16  # scores among which ties are counted
LEAST = 10  # architectures of which the spread of scores can be told
SAMPLED = 500  # architectures of a space of which it is asked whether its counts agree
# What reads the neighbours of a node in a graph, of which no cell of images has been learned.
ON_GRAPHS = tuple(
    code
    for code, operator in enumerate(VOCABULARY)
    if operator.spelling.keys() == {"nasbench_graph"} and operator.attributes["reach"] > 0
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What speaks against scores.

    Attributes:
        disagreement: the members' spread around their mean, each less its own mean over the
            architectures, in units of the spread of the scores; NaN of too few architectures.
        ties: the share of pairs of different architectures that have one score.
        unlike: operators of which nothing is known but words, and those like no known operator's
            of images.
        contradictory: operators whose names say one thing and whose meaning is another.
        unfit: why the predictor has learned nothing of the space's kind; usually empty.
        counts_agree: Kendall's tau of FLOPs and parameters in a space whose scores are sums of
            counts, so that all seeds say nearly one thing: of sequences of blocks, or of cells in
            networks that differ in size; NaN elsewhere.
        uncounted: operators of a space of sequences of which no number is known, so that they
            count for nothing.
    """

    disagreement: float
    ties: float
    unlike: tuple[str, ...] = ()
    contradictory: tuple[str, ...] = ()
    unfit: str = ""
    counts_agree: float = float("nan")
    uncounted: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the scores tell nothing, in words; empty where nothing speaks against them."""
        objections = [self.unfit] if self.unfit else []
        if self.disagreement > MOST_DISAGREEMENT:
            objections.append(
                f"the seeds differ by {self.disagreement:.2f} of the spread of the scores "
                f"(at most {MOST_DISAGREEMENT})"
            )
        if self.ties > MOST_TIES:
            objections.append(
                f"{self.ties:.0%} of all pairs have one score (at most {MOST_TIES:.0%})"
            )
        if self.counts_agree < LEAST_COUNTS_AGREE:
            objections.append(
                "FLOPs and parameters rank the space differently, and no one knows which says more "
                f"(tau {self.counts_agree:.2f}; at least {LEAST_COUNTS_AGREE})"
            )
        if self.uncounted:
            names = ", ".join(map(repr, self.uncounted))
            objections.append(f"no number is known of {names}, which so counts for nothing")
        if self.unlike:
            objections.append(f"no known operator is like {', '.join(map(repr, self.unlike))}")
        if self.contradictory:
            names = ", ".join(map(repr, self.contradictory))
            objections.append(f"the names of {names} say something else than their descriptions")
        return tuple(objections)

    @property
    def tells(self) -> bool:
        """Whether nothing speaks against the scores."""
        return not self.reasons

    def __str__(self) -> str:
        return "cannot tell: " + "; ".join(self.reasons) if self.reasons else "nothing against it"


@dataclass(eq=False)
class Tally:
    """What a verdict needs of scores that stream through.

    The M rows of sums are the members' and that of their mean.
    """

    count: int = 0
    _sums: Float64[np.ndarray, " M"] | None = None
    _squares: Float64[np.ndarray, " M"] | None = None
    _offsets: Float64[np.ndarray, " M"] | None = None
    _kept: list[Float64[np.ndarray, " _"]] = field(default_factory=list)

    def add(self, scores: Float64[np.ndarray, "S N"]) -> None:
        """Count the scores of further architectures, each of which is another one.

        None is of a dead network, which is last: its distance from the others would hide how much
        the members differ. What is not finite is left out.
        """
        scores = scores[:, np.isfinite(scores).all(axis=0)]
        if not scores.size:  # no architecture, or no member but a column of the table
            return
        rows = np.concatenate([scores, scores.mean(axis=0, keepdims=True)])
        if self._sums is None or self._squares is None or self._offsets is None:
            self._offsets = rows[:, 0].copy()
            self._sums, self._squares = np.zeros(len(rows)), np.zeros(len(rows))
        rows = rows - self._offsets[:, None]
        self._sums += rows.sum(axis=1)
        self._squares += np.square(rows).sum(axis=1)
        left = REMEMBERED - sum(map(len, self._kept))
        if left > 0:
            self._kept.append(rows[-1, :left])
        self.count += scores.shape[1]

    @property
    def disagreement(self) -> float:
        """As in ``Verdict``."""
        if self.count < LEAST or self._sums is None or self._squares is None:
            return float("nan")
        variances = np.maximum(self._squares / self.count - (self._sums / self.count) ** 2, 0)
        members = len(variances) - 1
        if members < 2 or not variances[-1]:
            return float("nan")
        around = (variances[:-1].sum() - members * variances[-1]) / (members - 1)
        return float(np.sqrt(max(around, 0) / variances[-1]))

    @property
    def ties(self) -> float:
        """As in ``Verdict``, of the first ``REMEMBERED`` scores; zero of too few."""
        kept = np.concatenate([np.empty(0), *self._kept])
        if len(kept) < LEAST:
            return 0.0
        _, counts = np.unique(np.round(kept, 6), return_counts=True)
        return float((counts * (counts - 1.0)).sum() / (len(kept) * (len(kept) - 1.0)))


def verdict_on(
    tally: Tally, space: Space | None, operators: KnownOperators, method: str
) -> Verdict:
    """Return what speaks against scores.

    Args:
        tally: the scores.
        space: the architectures' space; None where they came packed.
        operators: what the predictor knows of operators, those of the space among them.
        method: the file of ``methods/predictors``.
    """
    unlike, contradictory, unfit, agree, uncounted = [], [], "", float("nan"), []
    if space is not None:
        meanings = meanings_of(operators)
        words_alone = meanings.taken_for != np.arange(len(meanings.taken_for))
        apart = meanings.similarity < LEAST_SIMILARITY
        apart |= words_alone & np.isin(meanings.taken_for, ON_GRAPHS)
        far = set(np.flatnonzero(apart))
        unlike = [name for name, code in space.operators.items() if code in far]
        contradictory = [n for n, code in space.operators.items() if _contradicts(n, code, space)]
        sequences = space.skeleton.form in SEQUENCES
        if method == COUNTING and (sequences or space.options):
            agree = counts_agree(space)
        if sequences and method == COUNTING:
            uncounted = numberless(space)
        elif sequences:
            unfit = "it has learned cells, and the space's architectures are sequences of blocks"
    words = tuple(unlike), tuple(contradictory)
    return Verdict(tally.disagreement, tally.ties, *words, unfit, agree, tuple(uncounted))


def counts_agree(space: Space) -> float:
    """Return Kendall's tau of FLOPs and parameters over a sample of a space.

    They are those that ``universal`` adds up: of what is live in cells, of all blocks of a
    sequence. What an architecture has as a number of its own is left aside where it may be any. The
    tau is NaN where both are such numbers, or one of the two does not vary.
    """
    listed = {name: values for name, values in space.options.items() if values != "any"}
    if {"params", "flops"} <= space.options.keys() - listed.keys():
        return float("nan")
    drawn = replace(space, options=listed).sample(SAMPLED, np.random.default_rng(0))
    counted = counts_of(drawn if space.skeleton.form in SEQUENCES else live_pattern(drawn))
    if not {"flops", "params"} <= counted.keys():
        return float("nan")
    from tgnas.evaluation.ranking import kendall_tau  # noqa: PLC0415 - pandas, .3 s

    return kendall_tau(counted["flops"], counted["params"])


def _contradicts(name: str, code: int, space: Space) -> bool:
    """Tell whether a spelling names a convolution or pool that its operator is not.

    Of weights that a file states without a kernel no one knows whether they are of one.
    """
    named = _of(attributes_of(name.replace("_", " ")).numbers)
    if not named["kernel"]:
        return False
    numbers: Sequence[float] = (
        VOCABULARY[code].known.numbers
        if code < len(NAMES)
        else space.new[code - len(NAMES)].attributes
    )
    if code >= len(NAMES) and tuple(numbers) == OperatorAttributes().numbers:
        return False
    own = _of(numbers)
    if (own["pooling"] > 0) != (named["pooling"] > 0):
        return True
    unsaid = not own["kernel"] and own["weights"] + own["channel_weights"] > 0
    return not unsaid and own["kernel"] != named["kernel"]


def _of(numbers: Sequence[float]) -> dict[str, float]:
    return dict(zip(ATTRIBUTES, numbers, strict=True))
