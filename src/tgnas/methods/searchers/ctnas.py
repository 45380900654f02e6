"""CTNAS (Chen et al., CVPR 2021, arXiv 2103.05471): search by comparisons.

A controller is rewarded by the probability that what it writes is better than a baseline, as a
comparator says; the winner of a tournament becomes the next baseline, and the comparator learns its
own most confident comparisons, too (sections 3.3 and 3.4). Labels are queried in rounds.
"""

import numpy as np
from jaxtyping import Int64

from tgnas.encodings.sequences import Sequences
from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Compares, Oracle, Surrogate, Trace
from tgnas.methods.searchers._controller import Controller, start_from_zero_shot
from tgnas.methods.searchers._few import Candidates, needed
from tgnas.methods.searchers._network_settings import CtnasSettings as Settings
from tgnas.spaces.space import Space

CARD = Card(
    title="CTNAS",
    reference="Chen et al., CVPR 2021, arXiv 2103.05471, sections 3.3 and 3.4",
    needs="labels",
    deviations=(
        "labels are queried in rounds, after each of which the comparator is fitted anew; the "
        "paper has 423 at the start and none later",
        "60 updates of 32 samples a round, not 10,000 steps; a tournament every 30",
        "the controller's rate is .01, for so few updates",
        "a zero-shot start: first queries and an imitated policy by zero-shot score (ours)",
    ),
)
DETERMINISTIC = False
SURROGATE = "ctnas"  # the predictor that it is made for


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best of ``settings.budget`` labels.

    Raises:
        ConfigError: there is no surrogate, or it does not compare.
    """
    surrogate, s = needed(surrogate, "ctnas"), settings
    trace, candidates = Trace(oracle), Candidates(space)
    budget = min(s.budget, len(candidates.every))
    sequences = Sequences.of(candidates.every)
    controller = Controller(sequences, s.hidden, s.learning_rate, s.entropy, generator)
    if s.zero_shot:
        start_from_zero_shot(controller, candidates)
    candidates.query(trace, candidates.first(min(s.first, budget), generator, s.zero_shot))
    while trace.queries < budget:
        comparator = surrogate.fit(candidates.observed(trace), generator)
        if not isinstance(comparator, Compares):
            raise ConfigError("ctnas needs a predictor that compares, such as ctnas")
        ranked = _round(comparator, controller, candidates, int(np.argmax(trace.scores)), s)
        count = min(s.batch, budget - trace.queries)
        candidates.query(trace, ranked[candidates.open[ranked]][:count])
    return trace.choose_best()


def _round(
    comparator: Compares,
    controller: Controller,
    candidates: Candidates,
    best: int,
    settings: Settings,
) -> Int64[np.ndarray, " N"]:
    """Return all candidates, those that the controller wrote first and the likeliest winners."""
    every, baseline = candidates.every, candidates.rows[best]
    written = np.zeros(len(every), dtype=bool)
    for _ in range(0, settings.steps, settings.tournament):
        wins = comparator.compare(every, every[np.array([baseline])])[:, 0]
        for _ in range(settings.tournament):
            rows = controller.sample(settings.samples)
            written[rows] = True
            controller.learn(rows, wins[rows] - wins[rows].mean())
        contest = np.append(np.flatnonzero(written), baseline)
        # The most confident comparison of the new ones with the baseline becomes a pseudo-label.
        sure = contest[np.argmax(np.abs(wins[contest] - 0.5))]
        pair = [sure, baseline] if wins[sure] > 0.5 else [baseline, sure]
        better, worse = (every[np.array([row])] for row in pair)
        comparator = comparator.learn_pairs(better, worse)
        contest = contest[np.argsort(-wins[contest], kind="stable")][:64]
        against = comparator.compare(every[contest], every[contest])
        baseline = int(contest[np.argmax(against.mean(axis=1))])
    wins = comparator.compare(every, every[np.array([baseline])])[:, 0]
    return np.lexsort((-wins, ~written))
