"""The maker of digits-bench: small networks of two spaces, really trained on digits.

A training is a function of architecture, recipe and seed: on one thread of one kind of processor to
the bit. Columns of the table: space, architecture, parameters, flops; then for each seed
train_loss, accuracy and loss on validation and test split, and seconds (processor time of training
and measuring).
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.benchmarks._digits import of_seeds
from tgnas.encodings.live import live_pattern
from tgnas.errors import CorruptTableError
from tgnas.image_training.digits import Digits
from tgnas.image_training.final import build, count_cost
from tgnas.image_training.images import CLASSES
from tgnas.image_training.loop import measure, train
from tgnas.image_training.recipe import Recipe
from tgnas.spaces import nasbench101, nasbench201
from tgnas.spaces.architectures import Architectures

INTEGERS = ("parameters", "flops")
QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
LICENCES = {
    "images": "CC BY 4.0: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, "
    "UCI Machine Learning Repository, 1998, doi:10.24432/C50P49, as scikit-learn carries them",
    "table": "MIT",
}


def list_architectures(
    drawn: int, seed: int, max_vertices: int | None = None, kept: int | None = None
) -> pd.DataFrame:
    """Return space and string of every architecture.

    Args:
        drawn: of NAS-Bench-201 so many are drawn at random from all strings.
        seed: of the draws.
        max_vertices: of NAS-Bench-101 all cells of at most so many vertices; None for no cell.
        kept: of those drawn so many are kept at random, of which no two have the same live pattern;
            None for all.
    """
    of_all, of_some = nasbench101.SPACE, nasbench201.SPACE
    strings = []
    if max_vertices is not None:
        strings = of_all.format(Architectures(nasbench101.enumerate_cells(max_vertices)[0]))
    generator, members = np.random.default_rng(seed), of_some.enumerate()
    rows = np.sort(generator.choice(len(members), drawn, replace=False))
    if kept is not None:
        rows = rows[live_pattern(members[rows]).distinct()[0]]
        rows = np.sort(generator.choice(rows, kept, replace=False))
    some = of_some.format(members[rows])
    names = [of_all.name] * len(strings) + [of_some.name] * len(some)
    return pd.DataFrame({"space": names, "architecture": strings + some})


def measure_architecture(
    space: str, architecture: str, recipe: Recipe, digits: Digits, seeds: int
) -> dict[str, Any]:
    """Return an architecture's row of the table: its costs, and a training with each seed."""
    recipe = recipe.model_copy(update={"space": space})
    parameters, flops = count_cost(architecture, recipe)
    row = {"space": space, "architecture": architecture, "parameters": parameters, "flops": flops}
    for seed in range(seeds):
        start = time.process_time()
        network = build(architecture, recipe, CLASSES, seed)
        history = train(network, digits, recipe, seed=seed, process=digits.process, test=False)
        row[f"train_loss/{seed}"] = history[-1].train_loss
        for split, task in (("validation", digits.validated()), ("test", digits)):
            measures = measure(network, task, recipe, digits.process)
            row[f"{split}_accuracy/{seed}"] = measures.accuracy
            row[f"{split}_loss/{seed}"] = measures.loss
        row[f"seconds/{seed}"] = time.process_time() - start
    return row


def joined(
    shards: Sequence[pd.DataFrame], listed: pd.DataFrame, seeds: int | None = None
) -> pd.DataFrame:
    """Return the table of all shards, its numbers in single precision.

    Args:
        shards: the rows of all jobs.
        listed: space and string of each architecture.
        seeds: of every architecture so many are there, of some more; if not given all of all.

    Raises:
        CorruptTableError: the shards do not hold the listed architectures, each once.
    """
    trained = pd.concat(shards, ignore_index=True)
    table = listed.merge(trained, how="left", validate="one_to_one")
    some = [n for n in table if seeds is not None and int(n.partition("/")[2] or 0) >= seeds]
    if len(trained) != len(listed) or table.drop(columns=some).isna().any(axis=None):
        raise CorruptTableError("the shards do not hold the listed architectures, each once")
    kinds = {name: np.int32 if name in INTEGERS else np.float32 for name in table.columns[2:]}
    return table.astype(kinds)


def card_of(
    table: pd.DataFrame,
    title: str,
    sizes: dict[str, Any],
    recipe: dict[str, Any],
    licences: dict[str, str] = LICENCES,
) -> dict[str, Any]:
    """Return the card: what the table holds, how it was made, how its accuracies spread."""
    seconds = of_seeds(table, "seconds")
    return {
        "title": title,
        "licences": licences,
        "architectures": sizes,
        "recipe": recipe,
        "seeds": seconds.shape[1],
        "trainings": int(seconds.count().sum()),
        "processor_seconds": round(float(np.nansum(seconds.to_numpy())), 1),
        "spaces": {
            str(space): _description(part) for space, part in table.groupby("space", sort=False)
        },
    }


def _description(part: pd.DataFrame) -> dict[str, Any]:
    """Return the distribution of a space's test accuracies and how far seeds agree on them."""

    def rho(one: pd.Series, other: pd.Series) -> float:
        return round(float(one.corr(other, method="spearman")), 3)

    test, validation = (of_seeds(part, f"{name}_accuracy") for name in ("test", "validation"))
    both = {"validation_and_test_spearman_rho": (validation.mean(axis=1), test.mean(axis=1))}
    means = test.mean(axis=1).to_numpy(dtype=np.float64)
    description = {
        "architectures": len(part),
        "test_accuracy": {
            f"{100 * share:.0f} %": round(float(np.quantile(means, share)), 2)
            for share in QUANTILES
        },
        "deviation_of_architectures": round(float(means.std(ddof=1)), 3),
    } | {name: rho(*pair) for name, pair in both.items() if validation.shape[1]}
    if test.shape[1] > 1:
        spread = np.sqrt(test.var(axis=1, ddof=1).mean())
        description |= {
            "deviation_of_seeds": round(float(spread), 3),
            "seeds_spearman_rho": rho(test["0"], test["1"]),
        }
    return description
