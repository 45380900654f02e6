"""A benchmark is one Arrow file that maps into memory: architectures, accuracies, costs.

Accuracy columns are named ``accuracy/{dataset}/{split}/{epochs}``, in percent, or in the unit of a
task's own metric where that is no accuracy; NaN is unknown, and higher is better.
Cost columns are ``parameters/{dataset}`` (weights) and ``flops/{dataset}`` (millions).
Columns ``proxy/{name}`` are training-free scores as their authors published them, any sign.

Columns ``own/{name}`` are the numbers that an architecture has of its own, such as its width.

The K cells of an architecture stand side by side in one row.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int64

from tgnas.cell import Cells, packed_bytes
from tgnas.errors import CorruptTableError, UnknownNameError
from tgnas.files import written_whole
from tgnas.operators import CODES, NAMES, PADDING
from tgnas.resources.seals import SEAL, check_seal, seal
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space, open_space
from tgnas.validation import read_json

_OPERATORS, _EDGES, _OWN = "operators", "edges", "own"


@dataclass(frozen=True)
class Benchmark:
    """What is known about the architectures of one space, one row of a table for each."""

    name: str
    table: pa.Table

    def __len__(self) -> int:
        return self.table.num_rows

    @property
    def space(self) -> Space:
        """The search space that the architectures are of."""
        return open_space(self.table.schema.metadata[b"space"].decode())

    @cached_property
    def architectures(self) -> Architectures:
        """All architectures, in the file's order."""
        metadata = self.table.schema.metadata
        names = json.loads(metadata[b"operators"])
        codes = np.full(256, PADDING, dtype=np.uint8)
        codes[: len(names)] = [CODES[name] for name in names]
        # Operators that only the space knows have the codes behind the vocabulary's.
        new = len(self.space.new)
        codes[len(names) : len(names) + new] = len(NAMES) + np.arange(new)
        weights = tuple(json.loads(metadata.get(b"cell_weights", b"[1.0]")))
        operators, edges = (self._bytes(name, len(weights)) for name in (_OPERATORS, _EDGES))
        space = self.space
        own = {name: self._numbers("number", f"{_OWN}/{name}") for name in space.columns.names}
        return Architectures(Cells(codes[operators], edges), weights, own, space.skeleton)

    @property
    def strings(self) -> list[str]:
        """The architecture string (or, where the benchmark has none, hash) of every row."""
        return self.table.column("architecture").to_pylist()

    def accuracy(self, *, dataset: str, split: str, epochs: int | str) -> Float64[np.ndarray, " N"]:
        """Return the accuracy of every architecture; NaN where it is unknown.

        Raises:
            UnknownNameError: nothing is known for that data set, split and number of epochs.
        """
        return self._numbers("accuracy", f"accuracy/{dataset}/{split}/{epochs}")

    def cost(self, kind: str, *, dataset: str) -> np.ndarray:
        """Return "parameters" or "flops" (millions) of every architecture."""
        return self._numbers("cost", f"{kind}/{dataset}")

    def proxy(self, name: str) -> Float64[np.ndarray, " N"]:
        """Return a training-free score as it is stored; NaN where it is unknown."""
        return self._numbers("proxy", f"proxy/{name}")

    def _numbers(self, what: str, column: str) -> np.ndarray:
        if column not in self.table.column_names:
            known = [name for name in self.table.column_names if "/" in name]
            raise UnknownNameError(f"{what} of {self.name}", column, known)
        return self.table.column(column).to_numpy()

    def _bytes(self, column: str, cells: int) -> np.ndarray:
        chunks = self.table.column(column).combine_chunks()
        width = chunks.type.byte_width
        flat = np.frombuffer(chunks.buffers()[1], dtype=np.uint8)
        start = chunks.offset * width
        rows = flat[start : start + len(chunks) * width]
        return rows.reshape(-1, width // cells)


def rows_in_order(
    path: Path, listed: Architectures, benchmark: Benchmark
) -> Int64[np.ndarray, " N"]:
    """Return the row, in what a file lists, of each architecture of a benchmark.

    Raises:
        CorruptTableError: the file does not list every architecture once.
    """
    rows = listed.rows_of(benchmark.architectures)
    if len(listed) != len(benchmark) or set(rows) != set(range(len(listed))):
        raise CorruptTableError(f"{path} does not list every architecture of {benchmark.name} once")
    return rows


def build_table(
    space: Space,
    architectures: Architectures,
    strings: list[str] | np.ndarray,
    columns: dict[str, np.ndarray],
) -> pa.Table:
    """Return the table of N architectures, their strings or hashes, and columns of N values."""
    cells, count = architectures.cells, architectures.cells_per_architecture
    data = {
        "architecture": pa.array(strings),
        _OPERATORS: _binary(cells.operators, count * cells.vertices),
        _EDGES: _binary(cells.edges, count * packed_bytes(cells.vertices)),
        **{f"{_OWN}/{name}": values for name, values in architectures.attributes.items()},
        **columns,
    }
    metadata = {
        "space": space.name,
        "operators": json.dumps(NAMES),
        "cell_weights": json.dumps(list(architectures.cell_weights)),
    }
    return pa.table(data).replace_schema_metadata(metadata)


def _binary(array: np.ndarray, width: int) -> pa.Array:
    rows = np.ascontiguousarray(array).reshape(-1, width)
    buffer = pa.py_buffer(rows.tobytes())
    return pa.Array.from_buffers(pa.binary(width), len(rows), [None, buffer])


def write_table(table: pa.Table, path: Path) -> None:
    """Write a sealed Arrow file; it appears under its name only when it is whole."""
    sealed = table.replace_schema_metadata({**(table.schema.metadata or {}), "seal": SEAL})
    with written_whole(path) as part:
        with (
            pa.OSFile(str(part), "wb") as sink,
            pa.ipc.new_file(sink, sealed.schema) as writer,
        ):
            writer.write_table(sealed)
        seal(part)


def open_benchmark(path: Path) -> Benchmark:
    """Return the benchmark of a file; its columns are mapped, and read only to check a new file.

    Raises:
        CorruptTableError: the file is not an Arrow file of a benchmark, or is damaged.
    """
    try:
        check_seal(path)
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        table.validate()
        names = read_json((table.schema.metadata or {})[b"operators"])
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise CorruptTableError(f"{path} is not a benchmark's Arrow file: {error}") from error
    needed = {"architecture", _OPERATORS, _EDGES}
    if not needed <= set(table.column_names):
        raise CorruptTableError(f"{path} lacks the columns {sorted(needed)} of a benchmark")
    unknown = [name for name in names if name not in CODES]
    if unknown:
        raise CorruptTableError(f"{path} has the operator {unknown[0]!r}, which is unknown here")
    return Benchmark(path.stem, table)
