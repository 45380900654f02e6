"""Columns of an old pandas frame, read from its pickle without running any of pandas.

NAS-Bench-101's accuracies and parameters come as two gzipped pickles of one ``DataFrame`` each
(NiccoloCavagnero/FreeREA, ``cached_metrics/nasbench101``), of 423,624 rows in ascending order of
module hash; the hashes themselves are not inside. Their columns, in order:

- ``accuracies.pkl.gz``: ``index`` (int64), ``accuracy`` (float64, a fraction).
- ``params.pkl.gz``: ``index`` (int64), ``params`` (float64, millions), ``time=[s]`` and
  ``time_pure=[s]`` (float64, seconds).

A pickle is a program. Here it can call nothing but the stand-ins below, which keep their arguments
and do nothing, and ``slice``. Not even numpy's own reconstruction is called: its ``__setstate__``
takes flags from the stream that could make it read raw bytes as object pointers.
"""

import gzip
import io
import pickle
import pickletools
import re
import zlib
from typing import Any

import numpy as np

from tgnas.errors import CorruptTableError

# What a stream that is not a frame, or not a pickle, makes the unpickler or the reader raise.
FAULTS = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    TypeError,
    ValueError,
    gzip.BadGzipFile,
    zlib.error,
)


class _StandIn:
    """Keeps the arguments and the state that the stream gives it, and does nothing."""

    def __init__(self, *arguments: object) -> None:
        self.arguments: tuple[Any, ...] = arguments

    def __setstate__(self, state: object) -> None:
        self.state: Any = state


class _Frame(_StandIn):
    """``DataFrame``; the state is a dict with the manager."""


class _Manager(_StandIn):
    """``BlockManager(blocks, axes)``; the axes are the column names and the row labels."""


class _Block(_StandIn):
    """``new_block(values, placement)``: an array (columns, rows), and which columns it holds."""


class _Partial(_StandIn):
    """``functools.partial(new_block, ndim=2)``; a call gives a block."""

    def __call__(self, *arguments: object) -> _Block:
        """Return the block, whatever function the stream bound."""
        return _Block(*arguments)


class _Index(_StandIn):
    """``_new_Index(class, values)``."""


class _Dtype(_StandIn):
    """``dtype(code, ...)``; the state begins with a version and the byte order."""


class _Array(_StandIn):
    """``_reconstruct(...)``; the state is (version, shape, dtype, is_fortran, content)."""

    def values(self) -> np.ndarray:
        """Return the array; numbers only."""
        _, shape, dtype, is_fortran, content = self.state
        code = dtype.state[1] + dtype.arguments[0]
        if not re.fullmatch("[<>|][biuf][1248]", code):
            raise ValueError(f"values of type {code!r} where numbers are expected")
        kind = np.dtype(code)
        flat = np.frombuffer(content, kind)
        return flat.reshape(shape, order="F" if is_fortran else "C").astype(kind.newbyteorder("="))

    def names(self) -> list[str]:
        """Return the strings of an array of objects, which the stream holds as a list."""
        content = self.state[4]
        if not isinstance(content, list) or not all(isinstance(name, str) for name in content):
            raise TypeError("the column names are not a list of strings")
        return content


ALLOWED: dict[tuple[str, str], type] = {
    ("builtins", "slice"): slice,
    ("functools", "partial"): _Partial,
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _StandIn,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("pandas.core.frame", "DataFrame"): _Frame,
    ("pandas.core.indexes.base", "Index"): _StandIn,
    ("pandas.core.indexes.base", "_new_Index"): _Index,
    ("pandas.core.indexes.range", "RangeIndex"): _StandIn,
    ("pandas.core.internals.blocks", "new_block"): _Block,
    ("pandas.core.internals.managers", "BlockManager"): _Manager,
}


class _FrameUnpickler(pickle.Unpickler):
    """An unpickler that knows the names of ``ALLOWED`` and no other."""

    def find_class(self, module: str, name: str) -> type:
        """Return the stand-in of a global.

        Raises:
            CorruptTableError: the global is not one that a frame needs.
        """
        if (module, name) not in ALLOWED:
            raise CorruptTableError(f"the pickle asks for {module}.{name}, which is refused")
        return ALLOWED[module, name]


def load_frame_columns(data: bytes) -> dict[str, np.ndarray]:
    """Return the columns of a pickled frame, gzipped or not, by name and in the frame's order.

    Each is a new array of shape (N,) with the type that the frame has; row labels are dropped.

    Raises:
        CorruptTableError: the bytes are not such a frame, or ask for anything else to be run.
    """
    try:
        stream = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
        _refuse_bombs(stream)
        return _columns(_FrameUnpickler(io.BytesIO(stream)).load())
    except FAULTS as error:
        raise CorruptTableError(
            f"not a pickled frame of numbers: {type(error).__name__}: {error}"
        ) from error


def _refuse_bombs(stream: bytes) -> None:
    """Raise ValueError where the unpickler would allocate for a size that the stream only claims.

    Reading the opcodes finds a length that is longer than the stream; a memo index has no such
    bound, and protocol 4 writes none.
    """
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name in {"PUT", "LONG_BINPUT"}:
            raise ValueError(f"opcode {opcode.name} {argument} is not one of protocol 4")


def _columns(frame: object) -> dict[str, np.ndarray]:
    """Return the columns of a frame's stand-in."""
    if not isinstance(frame, _Frame):
        raise TypeError(f"a DataFrame expected, {type(frame).__name__} found")
    blocks, (columns, _) = frame.state["_mgr"].arguments
    names = columns.arguments[1]["data"].names()
    found: dict[str, np.ndarray] = {}
    for block in blocks:
        array, placement = block.arguments
        found.update(zip(names[placement], array.values(), strict=True))
    lengths = {len(values) for values in found.values()}
    if set(found) != set(names) or len(set(names)) != len(names) or len(lengths) != 1:
        raise ValueError(f"columns {names} expected, {sorted(found)} found, of lengths {lengths}")
    return {name: found[name] for name in names}
