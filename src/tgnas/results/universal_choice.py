"""How what counts say of sequences of blocks was chosen: candidates on development spaces."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.encodings.counts import COUNTS
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown

TITLE = "What counts say of sequences of blocks"
SECTION = "Any space"
PAGE = "universal"
MADE_BY = "others"
PLACE = 2
CAPTION = """
Kendall's tau of sums of counts on the development spaces of sequences of blocks: logarithms of
FLOPs and of parameters, the mean logarithm of the blocks' channels, and log(1 + c) of the depth c.
Left out: on each space the candidate whose mean tau on the other spaces is highest. The sum of the
predictor is changed only for a candidate whose mean over all is higher by more than {margin}. Best
count: chosen by the space's own labels.
"""
MARGIN = 0.01
# flops, parameters, channels, depth; few, each for a reason: a count alone, what networks of cells
# are scored by, what stands in the predictor, and that without a part or with half of one.
CANDIDATES = {
    "FLOPs": (1, 0, 0, 0),
    "FLOPs + depth": (1, 0, 0, 1),
    "FLOPs + 2 depth": (1, 0, 0, 2),
    "FLOPs + channels": (1, 0, 1, 0),
    "FLOPs + 2 channels": (1, 0, 2, 0),
    "FLOPs + channels + depth": (1, 0, 1, 1),
    "FLOPs + 2 channels + depth": (1, 0, 2, 1),
    "FLOPs + 2 channels + 2 depth": (1, 0, 2, 2),
    "FLOPs + .5 #params": (1, 0.5, 0, 0),
    "FLOPs + .5 #params + 2 depth": (1, 0.5, 0, 2),
    "FLOPs + .5 #params + 2 channels + 2 depth": (1, 0.5, 2, 2),
}
TERMS = ("flops", "parameters", "channels", "depth")
LEFT_OUT, BEST = "chosen on the others", "best count"
COLUMNS = {
    "space": "benchmark",
    "name": f"a candidate, `{LEFT_OUT}` or `{BEST}`",
    "which": "the candidate or count that this is",
    "stands": "whether the predictor adds up this",
    "kendall_tau": "with the accuracies of the space",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return the development spaces with their accuracies, and what the predictor adds up."""
    section = plan.config.universal
    settings = plan.config.predictors[section.predictor].flat()
    return {
        "labels": {name: section.spaces[name].model_dump() for name in section.sequences},
        "weights": [settings[name] for name in ("flops", "layer_widths", "depth")],
        "margin": MARGIN,
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the benchmarks."""
    names = plan.config.universal.sequences
    return {"targets": [f"<benchmark_tables>/{name}.arrow" for name in names]}


def loaded(plan: Plan) -> list[str]:
    """Return the predictor, which is imported while the table is made."""
    method = plan.config.predictors[plan.config.universal.predictor].method
    return [f"tgnas.methods.predictors.{method}"]


def table(
    targets: Sequence[Benchmark], labels: Mapping[str, Mapping[str, Any]], weights: Sequence[float]
) -> pd.DataFrame:
    """Return one row for each space and candidate, and what is chosen without it."""
    from tgnas.encodings.counts import counts_of
    from tgnas.evaluation.ranking import kendall_tau
    from tgnas.methods.predictors.universal import sequence_counts

    taus, best = {}, {}
    for target in targets:
        about = labels[target.name]
        [dataset] = about["datasets"]
        true = target.accuracy(dataset=dataset, split=about["split"], epochs=about["epochs"])
        members = target.architectures
        counted = sequence_counts(members)
        columns = np.stack([counted[name] for name in TERMS])
        taus[target.name] = {
            name: kendall_tau(np.array(weight) @ columns, true)
            for name, weight in CANDIDATES.items()
        }
        alone = {name: kendall_tau(values, true) for name, values in counts_of(members).items()}
        count = max(alone, key=alone.__getitem__)
        best[target.name] = (COUNTS[count], alone[count])
    every, [flops, channels, depth] = pd.DataFrame(taus), weights
    standing = {n for n, w in CANDIDATES.items() if w == (flops, 0, channels, depth)}
    rows = []
    for space in every:
        without = every.drop(columns=space).mean(axis=1).idxmax()
        for name, which in [*((one, one) for one in CANDIDATES), (LEFT_OUT, without)]:
            rows.append((space, name, which, which in standing, every.loc[which, space]))
        count, tau = best[space]
        rows.append((space, BEST, count, False, tau))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def show(frame: pd.DataFrame) -> list[Block]:
    """Return a row for each candidate, then what would have been chosen, and the best count."""
    rows: list[dict[str, Entry]] = []
    for name, part in frame.groupby("name", sort=False):
        stands = " (the predictor's)" if name in CANDIDATES and part.stands.all() else ""
        row: dict[str, Entry] = {"sum": f"{name}{stands}"}
        for of in part.itertuples():
            rest = "" if of.which == name else str(of.which)
            row[str(of.space).replace("_", " ")] = Number(of.kendall_tau, rest=rest)
        row["mean"] = Number(part.kendall_tau.mean())
        rows.append(row)
    return [Shown(rows)]
