"""GPTP on a space of which it has seen no label, and then a few (Han et al., arXiv 2302.10835)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import stats

from tgnas.benchmarks.base import Benchmark
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.evaluation.ranking import kendall_tau
from tgnas.methods.contracts import Context
from tgnas.methods.predictors import gptp
from tgnas.methods.trained import one_by_one
from tgnas.methods.zero_shot import Start
from tgnas.training.splits import TrainingSet, draw_rows

SOURCE = {"dataset": "cifar10", "split": "test", "epochs": 108}
LEARNED = {"dataset": "cifar10-valid", "split": "validation", "epochs": 200}
REPORTED = {"dataset": "cifar10", "split": "test", "epochs": 200}


def transferred(
    source: Benchmark,
    target: Benchmark,
    embeddings: OperatorEmbeddings,
    pretraining: int,
    *,
    source_accuracy: Mapping[str, Any] = SOURCE,
    learned_accuracy: Mapping[str, Any] = LEARNED,
    reported_accuracy: Mapping[str, Any] = REPORTED,
    source_labels: int,
    source_steps: int,
    labels: int,
    seeds: int,
    tested: int,
) -> pd.DataFrame:
    """Return how each seed ranks NAS-Bench-201 after labels of NAS-Bench-101, and after its own.

    Columns: seed, labels (of the target: 0, then as many as asked for), spearman_rho, kendall_tau.

    Args:
        source: NAS-Bench-101.
        target: NAS-Bench-201.
        embeddings: the operators' sentence vectors.
        pretraining: steps of contrastive pre-training; 0 for none.
        source_accuracy: dataset, split and epochs of what is learned of the source.
        learned_accuracy: of the target.
        reported_accuracy: of what is measured.
        source_labels: labels of the source.
        source_steps: steps in which they are learned.
        labels: labels of the target.
        seeds: draws of both.
        tested: architectures that are measured on; those that a seed learned are left out.
    """
    context = Context(KnownOperators.of(embeddings))
    accuracies = source.accuracy(**source_accuracy)
    rows = [draw_rows(len(accuracies), source_labels, seed=seed) for seed in range(seeds)]
    sources = [TrainingSet(source.architectures[part], accuracies[part]) for part in rows]
    settings = gptp.Settings(pretraining=pretraining, steps=source_steps)
    members = gptp.fit_together(sources, settings, context, _generators(seeds))
    learned, reported = (target.accuracy(**one) for one in (learned_accuracy, reported_accuracy))
    known = np.flatnonzero(np.isfinite(learned) & np.isfinite(reported))
    measured = draw_rows(known, min(tested, len(known)), seed=10**6)
    drawn = [draw_rows(known, labels, seed=seed) for seed in range(seeds)]
    own = [TrainingSet(target.architectures[part], learned[part]) for part in drawn]
    begun = Context(context.operators, start=Start(tuple(members), one_by_one))
    fitted = gptp.fit_together(own, gptp.Settings(), begun, _generators(seeds))
    correlations = []
    for size, predictors in ((0, members), (labels, fitted)):
        for seed, predictor in enumerate(predictors):
            rest = np.setdiff1d(measured, drawn[seed])
            scores = predictor.score(target.architectures[rest])
            true = reported[rest]
            rho = float(stats.spearmanr(scores, true).statistic)
            correlations.append((seed, size, rho, kendall_tau(scores, true)))
    return pd.DataFrame(correlations, columns=["seed", "labels", "spearman_rho", "kendall_tau"])


def _generators(seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(seeds)]
