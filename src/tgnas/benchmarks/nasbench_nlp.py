"""NAS-Bench-NLP: 14,322 recurrent cells on the Penn Treebank, as far as it is known of each.

Recipes, parameters and how a training ended are of the logs of fmsnew/nas-bench-nlp-release; losses
and training-free metrics are those that Serianni and Kalita (ACL 2023) stored of 8,794 logs, of
which 2,936 have a recipe here. The rest of the recipes has no loss.

- ``accuracy/ptb/test/last`` is minus the test loss (nats for each word) after the last epoch.
- ``proxy/NAME`` are the stored metrics as they are, any sign.

That a recipe is read as its network was built is proved by its parameters: counted of the cell,
they are those of the log, on all 14,322. That a metric belongs to a recipe is proved by the log's
name, which holds the recipe's number, and where the parameters' file knows the log, by those.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tgnas.benchmarks.base import build_table
from tgnas.costs.layers import count_parameters
from tgnas.errors import CorruptTableError, number_of
from tgnas.spaces.nasbench_nlp import SPACE

RECIPES, METRICS, PARAMETERS = (
    "nasbench_nlp/recipes.parquet",
    "nasbench_nlp/metrics.csv",
    "nasbench_nlp/parameters.csv",
)
SOURCES = (RECIPES, METRICS, PARAMETERS)
LOSS = "accuracy/ptb/test/last"
# How the metrics' file calls a metric -> how columns do.
METRIC_NAMES = {
    "Activation Distance": "activation_distance",
    "Synaptic Saliency": "synaptic_saliency",
    "Jacobian Covariance": "jacobian_covariance",
    "Jacobian Cosine": "jacobian_cosine",
    "Large Noise Jacobian": "large_noise_jacobian",
    "Large Noise Jacobian Cosine": "large_noise_jacobian_cosine",
    "More Noised Jacobian": "more_noised_jacobian",
    "More Noised Jacobian Cosine": "more_noised_jacobian_cosine",
    "Hidden Synaptic Saliency": "hidden_synaptic_saliency",
    "Layer 1 Hidden Covariance": "hidden_covariance_1",
    "Layer 2 Hidden Covariance": "hidden_covariance_2",
    "Layer 3 Hidden Covariance": "hidden_covariance_3",
}
_LINE = re.compile(r"(log_stats[^,]*),[^,]*,[^,]*,[^,]*,(\d+),\d+")
_NUMBER = re.compile(r"log_stats_model_(\d+)_")


def build(sources: Sequence[Path]) -> pa.Table:
    """Return the benchmark's table, in the order of the file of recipes.

    Raises:
        CorruptTableError: a file is another one, or contradicts another.
    """
    recipes, metrics = read_recipes(sources[0]), read_metrics(sources[1])
    architectures = SPACE.architectures(recipes.recepie.tolist())
    counted = count_parameters(architectures)
    _check(sources[0], counted == recipes.num_params, "parameters that its recipe has not")
    numbered = recipes.log_name.str.extract(_NUMBER, expand=False).astype(int)
    _check(sources[0], numbered == recipes.recepie_id, "a recipe of another number")
    listed = read_parameters(sources[2]).reindex(metrics.index)
    known = listed.reindex(recipes.log_name).to_numpy()
    _check(sources[2], np.isnan(known) | (known == counted), "parameters of another recipe")
    of_recipe = metrics.reindex(recipes.log_name)
    columns = {LOSS: -of_recipe["loss"].to_numpy(), "parameters/ptb": counted}
    columns |= {f"proxy/{n}": of_recipe[n].to_numpy() for n in METRIC_NAMES.values()}
    return build_table(SPACE, architectures, SPACE.format(architectures), columns)


def read_recipes(path: Path) -> pd.DataFrame:
    """Return log name, number, recipe, parameters and status of each log."""
    try:
        table = pq.read_table(path).to_pandas()
        return table[["log_name", "recepie_id", "recepie", "num_params", "status"]]
    except (pa.ArrowException, LookupError, OSError) as error:
        raise CorruptTableError(f"{path} is no file of recipes: {error}") from error


def read_metrics(path: Path) -> pd.DataFrame:
    """Return loss and metrics by the log's name.

    Raises:
        CorruptTableError: it is no such file, or lists a log twice.
    """
    try:
        table = pd.read_csv(path, encoding="utf-8-sig").set_index("log name")
        table = table.rename(columns=METRIC_NAMES)[["loss", *METRIC_NAMES.values()]]
    except (ValueError, LookupError, OSError) as error:
        raise CorruptTableError(f"{path} is no file of metrics: {error}") from error
    if not table.index.is_unique:
        raise CorruptTableError(f"{path} lists a log twice")
    return table


def read_parameters(path: Path) -> pd.Series:
    """Return parameters by the log's name, of the first line of each log.

    The file is several that were joined: headers stand within it, one behind a line.
    """
    rows = [match.groups() for match in map(_LINE.match, path.read_text().splitlines()) if match]
    if not rows:
        raise CorruptTableError(f"{path} is no file of parameters")
    table = pd.DataFrame(rows, columns=["log", "parameters"]).drop_duplicates("log")
    return table.set_index("log").parameters.astype(np.int64)


def _check(path: Path, good: np.ndarray | pd.Series, what: str) -> None:
    wrong = np.flatnonzero(~np.asarray(good))
    if len(wrong):
        raise CorruptTableError(
            f"{path}: {what} in {number_of(len(wrong), 'log')}, first row {wrong[0]}"
        )
