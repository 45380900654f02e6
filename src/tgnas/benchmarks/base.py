"""A benchmark is one Arrow file that maps into memory: cells, accuracies, costs.

Accuracy columns are named ``accuracy/{dataset}/{split}/{epochs}``, in percent; NaN is unknown.
Cost columns are ``parameters/{dataset}`` (weights) and ``flops/{dataset}`` (millions).
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from tgnas.cell import Cells, packed_bytes
from tgnas.errors import ConfigError, CorruptTableError, UnknownNameError
from tgnas.operators import CODES, NAMES, PADDING

_OPERATORS, _EDGES = "operators", "edges"


@dataclass(frozen=True)
class Benchmark:
    """What is known about the architectures of one space.

    Attributes:
        name: the benchmark's name.
        table: the columns, one row per architecture.
    """

    name: str
    table: pa.Table

    def __len__(self) -> int:
        return self.table.num_rows

    @cached_property
    def cells(self) -> Cells:
        """All cells, in the file's order."""
        names = json.loads(self.table.schema.metadata[b"operators"])
        codes = np.full(256, PADDING, dtype=np.uint8)
        codes[: len(names)] = [CODES[name] for name in names]
        return Cells(codes[self._bytes(_OPERATORS)], self._bytes(_EDGES))

    @property
    def architectures(self) -> list[str]:
        """The architecture string (or, where the benchmark has none, hash) of every row."""
        return self.table.column("architecture").to_pylist()

    def accuracy(self, *, dataset: str, split: str, epochs: int) -> Float64[np.ndarray, " N"]:
        """Return the accuracy of every architecture in percent; NaN where it is unknown.

        Raises:
            UnknownNameError: nothing is known for that data set, split and number of epochs.
        """
        return self._numbers("accuracy", f"accuracy/{dataset}/{split}/{epochs}")

    def labelled(
        self, *, dataset: str, split: str, epochs: int, cells: int | str
    ) -> tuple[Cells, Float64[np.ndarray, " N"]]:
        """Return cells to learn from with their accuracies in percent.

        Args:
            dataset: as in ``accuracy``.
            split: as in ``accuracy``.
            epochs: as in ``accuracy``.
            cells: "all", or the size of a random part, the same for every seed of a method.

        Raises:
            ConfigError: more cells than there are.
        """
        accuracies = self.accuracy(dataset=dataset, split=split, epochs=epochs)
        if cells == "all":
            return self.cells, accuracies
        if not 0 < int(cells) <= len(self):
            raise ConfigError(f"{cells} training cells; {self.name} has 1 to {len(self)}")
        rows = np.sort(np.random.default_rng(0).choice(len(self), int(cells), replace=False))
        return self.cells[rows], accuracies[rows]

    def cost(self, kind: str, *, dataset: str) -> np.ndarray:
        """Return "parameters" or "flops" (millions) of every architecture."""
        return self._numbers("cost", f"{kind}/{dataset}")

    def _numbers(self, what: str, column: str) -> np.ndarray:
        if column not in self.table.column_names:
            known = [name for name in self.table.column_names if "/" in name]
            raise UnknownNameError(f"{what} of {self.name}", column, known)
        return self.table.column(column).to_numpy()

    def _bytes(self, column: str) -> np.ndarray:
        chunks = self.table.column(column).combine_chunks()
        width = chunks.type.byte_width
        flat = np.frombuffer(chunks.buffers()[1], dtype=np.uint8)
        start = chunks.offset * width
        return flat[start : start + len(chunks) * width].reshape(-1, width)


def build_table(
    cells: Cells, architectures: list[str] | np.ndarray, columns: dict[str, np.ndarray]
) -> pa.Table:
    """Return the table of a benchmark; `columns` holds accuracies and costs by name."""
    vertices = cells.vertices
    data = {
        "architecture": pa.array(architectures),
        _OPERATORS: _binary(cells.operators, vertices),
        _EDGES: _binary(cells.edges, packed_bytes(vertices)),
        **columns,
    }
    return pa.table(data).replace_schema_metadata({"operators": json.dumps(NAMES)})


def _binary(rows: np.ndarray, width: int) -> pa.Array:
    buffer = pa.py_buffer(np.ascontiguousarray(rows).tobytes())
    return pa.Array.from_buffers(pa.binary(width), len(rows), [None, buffer])


def write_table(table: pa.Table, path: Path) -> None:
    """Write an Arrow file; it appears under its name only when it is whole."""
    part = path.with_name(path.name + ".part")
    with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    part.replace(path)


def open_benchmark(path: Path) -> Benchmark:
    """Return the benchmark of a file; its columns are mapped, not read.

    Raises:
        CorruptTableError: the file is not an Arrow file of a benchmark.
    """
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        table.validate()
        names = json.loads((table.schema.metadata or {})[b"operators"])
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise CorruptTableError(f"{path} is not a benchmark's Arrow file: {error}") from error
    needed = {"architecture", _OPERATORS, _EDGES}
    if not needed <= set(table.column_names):
        raise CorruptTableError(f"{path} lacks the columns {sorted(needed)} of a benchmark")
    unknown = [name for name in names if name not in CODES]
    if unknown:
        raise CorruptTableError(f"{path} has the operator {unknown[0]!r}, which is unknown here")
    return Benchmark(path.stem, table)
