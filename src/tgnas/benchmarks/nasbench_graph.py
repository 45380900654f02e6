"""NAS-Bench-Graph: 26,206 architectures on nine graph data sets, from a package of PyPI.

The package nas-bench-graph 1.4.0 (Apache-2.0) holds one pickled dictionary for each data set: key
-> validation and test performance, latency, parameters. The keys are those of
``tgnas.spaces.nasbench_graph``. METADATA speaks of three seeds, and every validation performance
is a multiple of 1/3000, as a mean of three values of three decimals is.

- The number of epochs is not stated, nor whether the last or the best is meant: the columns say
  ``unstated``. ``random_hp`` in architecture.py draws it from 200, 300, 400 and 500.
- ``proteins`` knows the 2,021 architectures of five operators alone; NaN elsewhere. The package
  calls its measure performance too; Open Graph Benchmark's for ogbn-proteins is ROC-AUC.
- Parameters are an exact linear function of a cell's operators and leaves, but not those of
  ``physics``, which mix widths and are left out.
- ``latency`` is as stored; its unit is not stated.
"""

from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tgnas.benchmarks.base import build_table
from tgnas.errors import CorruptTableError, ResourceError, are, number_of
from tgnas.operators import CODES
from tgnas.resources.unpickle import load_records
from tgnas.spaces.nasbench_graph import SPACE, all_keys

EPOCHS = "unstated"
SOURCES = ()  # the data are files of an installed package
MEASURES = dict.fromkeys(
    ("cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv"), "accuracy"
) | {"proteins": "roc_auc"}
MIXED_WIDTHS = "physics"
OF_PROTEINS = (
    "graph_convolution",
    "graph_sage",
    "arma_convolution",
    "fully_connected",
    "identity",
)


def data_folder() -> Path:
    """Return the installed package's folder of data; none of its code is run.

    Raises:
        ResourceError: it is not installed.
    """
    spec = find_spec("nas_bench_graph")
    if spec is None or not spec.submodule_search_locations:
        raise ResourceError("the package nas-bench-graph is not installed: see pyproject.toml")
    return Path(spec.submodule_search_locations[0]) / "light"


def version() -> str:
    """Return the version of the installed package that holds the data."""
    return metadata.version("nas-bench-graph")


def build(_: Sequence[Path] = SOURCES) -> pa.Table:
    """Return the benchmark's table of the package's data; rows are in ascending order of the key.

    Raises:
        CorruptTableError: a file has other keys than the space.
    """
    folder = data_folder()
    architectures, keys = SPACE.enumerate(), all_keys()
    codes = [CODES[name] for name in OF_PROTEINS]
    small = np.isin(architectures.cells.operators[:, 1:-1], codes).all(axis=1)
    columns: dict[str, np.ndarray] = {}
    for dataset, measure in MEASURES.items():
        known = keys[small] if dataset == "proteins" else keys
        records = _records(folder / f"{dataset}.bench", known).reindex(keys)
        columns[f"{measure}/{dataset}/validation/{EPOCHS}"] = records["valid_perf"].to_numpy() * 100
        columns[f"{measure}/{dataset}/test/{EPOCHS}"] = records["perf"].to_numpy() * 100
        if dataset != MIXED_WIDTHS:
            columns[f"parameters/{dataset}"] = np.rint(records["para"].to_numpy() * 1e6)
        columns[f"latency/{dataset}"] = records["latency"].to_numpy()
    return build_table(SPACE, architectures, SPACE.format(architectures), columns)


def _records(path: Path, keys: np.ndarray) -> pd.DataFrame:
    """Return the records of a file, one row for each key."""
    records = pd.DataFrame.from_dict(load_records(path.read_bytes()), orient="index")
    if set(records.index) != set(keys.tolist()):
        other = sorted(set(records.index) ^ set(keys.tolist()))
        raise CorruptTableError(
            f"{path}: {number_of(len(other), 'key')} {are(len(other))} in the file or in the "
            f"space alone, first {other[0]}"
        )
    return records
