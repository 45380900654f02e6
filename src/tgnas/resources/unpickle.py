"""Numbers from pickles of old frames and of records, read without running what they ask for.

NAS-Bench-101's accuracies and parameters come as two gzipped pickles of one ``DataFrame`` each
(NiccoloCavagnero/FreeREA, ``cached_metrics/nasbench101``), of 423,624 rows in ascending order of
module hash; the hashes themselves are not inside. Their columns, in order:

- ``accuracies.pkl.gz``: ``index`` (int64), ``accuracy`` (float64, a fraction).
- ``params.pkl.gz``: ``index`` (int64), ``params`` (float64, millions), ``time=[s]`` and
  ``time_pure=[s]`` (float64, seconds).

NAS-Bench-Graph's files are dictionaries: key -> name -> float, Python's own or numpy's. CIFAR's and
ImageNet16's batches are dictionaries, too: of an array of pixels and lists.

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from tgnas.errors import CorruptTableError

# What a stream that is not a frame, or not a pickle, makes the unpickler or the reader raise.
FAULTS: tuple[type[Exception], ...] = (AttributeError, EOFError, IndexError, KeyError, MemoryError)
FAULTS += (OverflowError, TypeError, ValueError)
FAULTS += (pickle.UnpicklingError, gzip.BadGzipFile, zlib.error)
# Bytes that gzip may hold, objects that a pickle may stand for, and levels of them; the largest of
# ours have 154 MB and 600,000 objects.
LARGEST, MOST, DEEPEST = 1 << 28, 5_000_000, 100
GROWING = frozenset({"APPEND", "APPENDS", "SETITEM", "SETITEMS", "BUILD"})
REFUSED = frozenset(
    {"DUP", "ADDITEMS", "FROZENSET", "EMPTY_SET", "EXT1", "EXT2", "EXT4", "POP_MARK"}
)

MARK = pickletools.markobject
# Opcode -> whether it takes all above a mark, how many items below that, whether it puts one back.
EFFECTS = {
    op.name: (MARK in op.stack_before, [*op.stack_before, MARK].index(MARK), bool(op.stack_after))
    for op in pickletools.opcodes
}
PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"})
GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
# These put one object on the stack and take none.
LEAVES = {n for n, effect in EFFECTS.items() if effect == (False, 0, True)} - REFUSED - GETS


class _StandIn:
    """Keeps the arguments and the state that the stream gives it, and does nothing."""

    def __init__(self, *arguments: object) -> None:
        self.arguments: tuple[Any, ...] = arguments

    def __setstate__(self, state: object) -> None:
        self.state: Any = state


class _Frame(_StandIn):
    """``DataFrame``; the state is a dict with the manager."""


class _Block(_StandIn):
    """``new_block(values, placement)``: an array (columns, rows), and which columns it holds."""


class _Partial(_StandIn):
    """``functools.partial(new_block, ndim=2)``; a call gives a block."""

    def __call__(self, *arguments: object) -> _Block:
        """Return the block, whatever function the stream bound."""
        return _Block(*arguments)


class _Dtype(_StandIn):
    """``dtype(code, ...)``; the state begins with a version and the byte order."""

    def kind(self) -> np.dtype:
        """Return the type; numbers only."""
        parts = self.state[1], self.arguments[0]  # bytes where Python 2 wrote them
        return _kind_of("".join([p.decode() if isinstance(p, bytes) else p for p in parts]))


@cache
def _kind_of(code: str) -> np.dtype:
    if not re.fullmatch("[<>|][biuf][1248]", code):
        raise ValueError(f"values of type {code!r} where numbers are expected")
    return np.dtype(code)


class _Scalar(_StandIn):
    """``scalar(dtype, content)``."""

    def value(self) -> float:
        """Return the number."""
        dtype, content = self.arguments
        (number,) = np.frombuffer(content, dtype.kind())
        return float(number)


class _Array(_StandIn):
    """``_reconstruct(...)``; the state is (version, shape, dtype, is_fortran, content)."""

    def values(self) -> np.ndarray:
        """Return the array; numbers only."""
        _, shape, dtype, is_fortran, content = self.state
        kind = dtype.kind()
        flat = np.frombuffer(content, kind)
        return flat.reshape(shape, order="F" if is_fortran else "C").astype(kind.newbyteorder("="))

    def names(self) -> list[str]:
        """Return the strings of an array of objects, which the stream holds as a list."""
        content = self.state[4]
        if not isinstance(content, list) or not all(isinstance(name, str) for name in content):
            raise TypeError("the column names are not a list of strings")
        return content


def _encoded(text: str, codec: str | bytes = "latin1") -> bytes:
    """Return bytes that Python 3 wrote into a pickle of protocol 2 as a string."""
    if codec not in {"latin1", b"latin1"}:
        raise ValueError(f"bytes encoded as {codec!r}")
    return text.encode("latin1")


Names = dict[tuple[str, str], Callable[..., Any]]
IN_ARRAYS: Names = {
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _StandIn,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
}
IN_BATCHES: Names = {("_codecs", "encode"): _encoded, **IN_ARRAYS}
IN_FRAMES: Names = {
    ("builtins", "slice"): slice,
    ("functools", "partial"): _Partial,
    **IN_ARRAYS,
    ("pandas.core.frame", "DataFrame"): _Frame,
    ("pandas.core.indexes.base", "Index"): _StandIn,
    ("pandas.core.indexes.base", "_new_Index"): _StandIn,  # (class, values)
    ("pandas.core.indexes.range", "RangeIndex"): _StandIn,
    ("pandas.core.internals.blocks", "new_block"): _Block,
    # (blocks, axes); the axes are the column names and the row labels
    ("pandas.core.internals.managers", "BlockManager"): _StandIn,
}
IN_RECORDS: Names = {
    ("numpy", "dtype"): _Dtype,
    ("numpy._core.multiarray", "scalar"): _Scalar,
    ("numpy.core.multiarray", "scalar"): _Scalar,
}


class _Unpickler(pickle.Unpickler):
    """An unpickler that knows some names and no other."""

    def __init__(self, stream: bytes, allowed: Names, encoding: str) -> None:
        super().__init__(io.BytesIO(stream), encoding=encoding)
        self.allowed = allowed

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        """Return the stand-in of a global, if such a file needs it."""
        if (module, name) not in self.allowed:
            raise CorruptTableError(f"the pickle asks for {module}.{name}, which is refused")
        return self.allowed[module, name]


def load_frame_columns(data: bytes) -> dict[str, np.ndarray]:
    """Return the columns of a pickled frame, gzipped or not, by name and in the frame's order.

    Each is a new array of shape (N,) with the type that the frame has; row labels are dropped.

    Raises:
        CorruptTableError: the bytes are not such a frame, or ask for anything else to be run.
    """
    with _expected("a pickled frame of numbers"):
        stream = _decompressed(data) if data.startswith(b"\x1f\x8b") else data
        return _columns(_load(stream, IN_FRAMES))


def load_records(data: bytes) -> dict[int, dict[str, float]]:
    """Return the records of a pickled dictionary, by key and by name.

    Raises:
        CorruptTableError: the bytes are not such records, or ask for anything else to be run.
    """
    with _expected("pickled records of numbers"):
        return {
            int(key): {str(name): _number(value) for name, value in record.items()}
            for key, record in _load(data, IN_RECORDS).items()
        }


def load_image_batch(data: bytes) -> dict[str, Any]:
    """Return the fields of a pickled batch of images, by name; an array is of numbers.

    Raises:
        CorruptTableError: the bytes are not such a batch, or ask for anything else to be run.
    """
    with _expected("a pickled batch of images"):
        fields = _load(data, IN_BATCHES, encoding="bytes").items()
        # Written by Python 2, the keys are byte strings; by Python 3 either kind.
        named = {key.decode() if isinstance(key, bytes) else key: field for key, field in fields}
        return {k: v.values() if isinstance(v, _Array) else v for k, v in named.items()}


@contextmanager
def _expected(what: str) -> Iterator[None]:
    """Turn whatever another stream raises into one line."""
    try:
        yield
    except FAULTS as error:
        raise CorruptTableError(f"not {what}: {type(error).__name__}: {error}") from error


def _number(value: object) -> float:
    if isinstance(value, float):
        return value
    if not isinstance(value, _Scalar):
        raise TypeError(f"a number expected, {type(value).__name__} found")
    return value.value()


def _load(stream: bytes, allowed: Names, encoding: str = "ASCII") -> Any:
    """Return what a stream holds, but not where it would take long or much for what it claims.

    Reading the opcodes finds a length that is longer than the stream, but no such memo index, and
    not that one small object stands in many places, which whoever walks or hashes it pays for.
    """
    _weigh(stream)
    return _Unpickler(stream, allowed, encoding).load()


def _decompressed(data: bytes) -> bytes:
    """Return what gzip holds, in parts, so that no more is made than is allowed."""
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{len(data):,} bytes of gzip hold more than {LARGEST:,}")
    return content


def _weigh(stream: bytes) -> None:
    """Refuse a stream that stands for more objects than ``MOST``, each counted where it stands.

    A walk of its opcodes in which the stack holds how many objects each item stands for and how
    deep they lie, in a list that the memo shares: what is put into a container later counts there.
    """
    stack: list[Any] = []
    memo: dict[int, list[int]] = {}
    for number, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
        name = opcode.name
        if number > MOST:
            raise ValueError(f"more than {MOST:,} opcodes")
        if name in LEAVES:
            stack.append(None if name == "MARK" else [1, 1])
        elif name in GETS:
            stack.append(memo[int(argument or 0)])
        elif name in PUTS:
            place = len(memo) if name == "MEMOIZE" else int(argument or 0)
            if place > len(stream):
                raise ValueError(f"opcode {name} {place} in {len(stream)} bytes")
            memo[place] = stack[-1]
        elif name in REFUSED:
            raise ValueError(f"opcode {name} has no place in such a file")
        else:
            marked, below, pushes = EFFECTS[name]
            items: list[list[int]] = []
            while marked and (item := stack.pop()) is not None:
                items.append(item)
            items += [stack.pop() for _ in range(below)]
            weight = sum([item[0] for item in items])
            depth = max([item[1] for item in items], default=0)
            if weight > MOST or depth > DEEPEST:
                raise ValueError(
                    f"opcode {name} makes {weight:,} objects of few, {depth} deep; at most "
                    f"{MOST:,} and {DEEPEST} are allowed"
                )
            if name in GROWING:  # its lowest item is what grows
                within = max([item[1] for item in items[:-1]], default=0)
                items[-1][:] = weight, max(items[-1][1], 1 + within)
                stack.append(items[-1])
            elif pushes:
                stack.append([weight + 1, depth + 1])


def _columns(frame: object) -> dict[str, np.ndarray]:
    """Return the columns of a frame's stand-in."""
    if not isinstance(frame, _Frame):
        raise TypeError(f"a DataFrame expected, {type(frame).__name__} found")
    blocks, (columns, _) = frame.state["_mgr"].arguments
    names = columns.arguments[1]["data"].names()
    columns_of: dict[str, np.ndarray] = {}
    for block in blocks:
        array, placement = block.arguments
        columns_of.update(zip(names[placement], array.values(), strict=True))
    lengths, present = {len(values) for values in columns_of.values()}, sorted(columns_of)
    if set(present) != set(names) or len(set(names)) != len(names) or len(lengths) != 1:
        raise ValueError(f"columns {names} expected, {present} found, of lengths {lengths}")
    return {name: columns_of[name] for name in names}
