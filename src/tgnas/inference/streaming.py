"""Tables of architectures that stream through: CSV, TSV, JSON Lines, Parquet, in constant memory.

A CSV keeps the text of every cell. An output appears under its name only when it is whole. Text
files may be compressed by gzip or zstd, as the end of their name says.
"""

import csv
import io
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from jaxtyping import Float64, Int64

from tgnas.errors import (
    ArgumentError,
    DataError,
    UnknownNameError,
    UnreadableFileError,
    cut,
    nearest,
    number_of,
    shown,
)
from tgnas.files import claimed, device, is_device, told_if_full, written_whole
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.validation import read_json

logger = logging.getLogger(__name__)
COLUMN, SCORE = "architecture", "score"
STANDARD = "-"
CHUNK = 65_536  # rows; of CSV and Parquet fewer where they are wide
WIDE = 8 << 20  # bytes
FIRST = 1000  # rows that are looked at before anything is loaded
BATCH = 4096  # rows of Parquet that are read at once
BLOCK = 1 << 20  # bytes; the reader of CSV keeps up to 32 blocks ready, and no row may be larger
FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
CODECS = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
SEPARATORS = {"csv": ",", "tsv": "\t"}
# What files begin with whose name says otherwise.
PARQUET = "is Parquet, which its name or --input-format must say"
BEGINNINGS = {
    b"\x1f\x8b": "is gzip, which its name must say by .gz at its end",
    b"\x28\xb5\x2f\xfd": "is zstd, which its name must say by .zst at its end",
    b"PK\x03\x04": "is a zip archive; unpack it",
    b"PAR1": PARQUET,
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
}
# How pyarrow says that a row has more or fewer values than the header.
_RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
_OBJECTS = {b"json": b"objects"}  # marks a column of JSON texts that were objects


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some rows and their numbers in the file, of which the first below a header is 1."""

    table: pa.Table
    numbers: Int64[np.ndarray, " N"]

    def text(self, column: str = COLUMN) -> pa.Array:
        """Return a column of texts.

        Raises:
            DataError: it holds none.
        """
        values = self.table.column(column)
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        with suppress(pa.ArrowException):  # a number, a time and the like, as a CSV would have it
            values = values.cast(pa.string())
        if not pa.types.is_string(values.type):
            raise DataError(f"column {column!r} is of type {values.type}; it must hold text")
        return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], pa.string())

    def architectures(self, space: Space) -> pa.Array:
        """Return the texts of architectures, with the numbers behind them that stand in columns.

        Raises:
            DataError: the column of architectures holds no text.
        """
        texts = self.text()
        for name in space.columns.names:
            if name not in self.table.column_names:
                continue
            own = self.table.column(name).combine_chunks().cast(pa.string()).fill_null("")
            behind = pc.binary_join_element_wise(texts, f"{name}=", " ")
            behind = pc.binary_join_element_wise(behind, pc.utf8_trim_whitespace(own), "")
            there = pc.match_substring_regex(texts, rf'(\s{name}=|"{name}"\s*:)')
            texts = pc.if_else(there, texts, behind)
        return texts

    def with_texts(self) -> "Chunk":
        """Return the rows with lists of architectures as their texts, marked."""
        names = self.table.column_names
        if COLUMN not in names or not pa.types.is_nested(self.table.schema.field(COLUMN).type):
            return self
        column, kind = column_of(self.table.column(COLUMN).to_pylist(), COLUMN)
        return Chunk(self.table.set_column(names.index(COLUMN), kind, column), self.numbers)

    def kept(self, rows: np.ndarray) -> "Chunk":
        """Return the rows of a mask."""
        return Chunk(self.table.filter(pa.array(rows)), self.numbers[rows])


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a file: rows that follow each other, as many in each part."""

    number: int = 1  # which part, from 1
    count: int = 1  # of parts

    @classmethod
    def of(cls, text: str) -> "Shard":
        """Return the shard that a text such as ``3/100`` names.

        Raises:
            ValueError: it names none.
        """
        match = re.fullmatch("([0-9]{1,9})/([0-9]{1,9})", text)
        shard = cls(int(match[1]), int(match[2])) if match else None
        if shard is None or not 1 <= shard.number <= shard.count:
            raise ValueError(f"{text!r} is no shard; allowed are 1/N, 2/N, ..., N/N")
        return shard

    def rows(self, total: int) -> range:
        """Return its rows, counted from 0."""
        return range(total * (self.number - 1) // self.count, total * self.number // self.count)


WHOLE = Shard()


@dataclass(eq=False)
class Source:
    """A file of architectures; of standard input, a pipe and the like no part can be read."""

    path: str  # or "-"
    format: str  # csv, tsv, jsonl or parquet
    skip: bool = False  # rows that cannot be read, which are errors else
    shard: Shard = WHOLE
    needed: str = COLUMN  # the column that every row has; empty where any will do
    skipped: int = 0  # rows
    first_skipped: str = ""  # what was wrong with the first of them
    read: int = 0  # rows
    share: Callable[[], float] | None = field(default=None, repr=False)  # that was read, if known
    _ahead: Iterator[Chunk] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what can be read but once and would have to be read from another place.

        Raises:
            ArgumentError: it is Parquet, or a part of it is asked for.
        """
        if is_read_once(self.path) and self.format == "parquet":
            raise ArgumentError(f"{self._name}: Parquet is read from its end; name a file")
        if is_read_once(self.path) and self.shard != WHOLE:
            raise ArgumentError(f"{self._name} has no parts; name a file")

    def first(self) -> Chunk | None:
        """Return the first rows, which ``chunks`` gives, too; None where there are none."""
        chunks = self._all()
        first = next(chunks, None)
        self._ahead = chain([] if first is None else [first], chunks)
        return first

    def check_first(self, space: Space, column: str = COLUMN) -> None:
        """Refuse a file that is not there or whose first rows are faulty, before it is worked on.

        Args:
            space: of the architectures.
            column: another one that every row needs.

        Raises:
            DataError: it is not of its format, there is no such column, or a row is no
                architecture and is not to be skipped.
            UnreadableFileError: it cannot be read.
        """
        if is_read_once(self.path):
            return  # it may yet have to be typed
        ahead = Source(self.path, self.format, self.skip, self.shard, self.needed)
        with closing(ahead._all()) as chunks:
            first = next(chunks, None)
        if first is None:
            return
        self.require(column, first.table.column_names)
        if not self.skip:
            some = Chunk(first.table.slice(0, FIRST), first.numbers[:FIRST])
            for row, error in space.read(some.architectures(space)).errors.items():
                self.fault(int(some.numbers[row]), COLUMN, str(error))

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows of the shard, at most ``CHUNK`` at once.

        Raises:
            DataError: it is not of its format; the message says where.
            UnreadableFileError: it cannot be read.
        """
        ahead, self._ahead = self._ahead, None
        yield from self._all() if ahead is None else ahead

    def _all(self) -> Generator[Chunk, None, None]:
        readers = {
            "csv": self._csv,
            "tsv": self._csv,
            "jsonl": self._jsonl,
            "parquet": self._parquet,
        }
        if self.path == STANDARD:
            standard_input = io.BufferedReader(cast("io.RawIOBase", sys.stdin.buffer))
            self._check_beginning(standard_input)
            yield from readers[self.format](standard_input)
            standard_input.detach()
            return
        codec = codec_of(self.path)
        try:
            raw = _Decompressed(self.path, codec) if codec else io.FileIO(self.path)
        except (OSError, ValueError) as error:  # a name may hold what no name can
            raise UnreadableFileError.of(self.path, error) from error
        with io.BufferedReader(raw) as stream:
            if self.format != "parquet" and not is_read_once(self.path):
                self.share = lambda: self._share_of(stream)
            try:
                self._check_beginning(stream)
                for chunk in readers[self.format](stream):
                    self.read += len(chunk.numbers)
                    yield chunk.with_texts()
            except (pa.ArrowException, OSError) as error:
                if not codec:
                    raise
                raise self._refuse(f"is not whole {codec}", error) from error
        self._check_end()

    def _check_end(self) -> None:
        """Say that the last line of a CSV has no end, of which a part may be missing."""
        last = self.shard.number == self.shard.count
        if not last or self.format not in SEPARATORS or codec_of(self.path) or is_device(self.path):
            return
        with Path(self.path).open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - 1))
            if stream.read(1) not in (b"\n", b""):
                logger.warning(
                    "%s: its last line has no end; if the file was cut off, what its last row says "
                    "is wrong",
                    self.path,
                )

    def _check_beginning(self, stream: Any) -> None:
        """Refuse a file that is visibly of another kind than it is read as."""
        first = stream.peek(4)
        for beginning, what in BEGINNINGS.items():
            if first.startswith(beginning) and not (what == PARQUET and self.format == "parquet"):
                raise self._refuse(what)

    def _share_of(self, stream: Any) -> float:
        """Return how much of an open file was read."""
        if stream.closed:
            return 1.0
        if isinstance(stream.raw, _Decompressed):
            return stream.raw.share()
        return stream.tell() / max(1, Path(self.path).stat().st_size)

    def check_some(self, count: int) -> None:
        """Refuse a file of which every row was skipped.

        Raises:
            DataError: rows were skipped and none is left.
        """
        if self.skipped and not count:
            raise DataError(
                f"{self._name}: none of {number_of(self.skipped, 'row')} can be used; the first: "
                f"{self.first_skipped}"
            )

    def _rows_of(self, total: int) -> range:
        """Return the shard's rows, by which progress is told from here on."""
        rows = self.shard.rows(total)
        self.share = lambda: self.read / max(1, len(rows))
        return rows

    def fault(self, number: int, column: str, what: str) -> None:
        """Count a row that cannot be used.

        Raises:
            DataError: rows are not to be skipped.
        """
        place = f"row {number}, column {column!r}" if column else f"row {number}"
        message = f"{self._name}: {place}: {what}"
        if not self.skip:
            raise DataError(message)
        self.first_skipped = self.first_skipped or message
        self.skipped += 1

    def architectures(self, space: Space) -> Iterator[tuple[Chunk, Architectures]]:
        """Yield the rows that are architectures of a space, and these.

        Raises:
            DataError: a row is not, and is not to be skipped.
        """
        for chunk in self.chunks():
            parsed = space.read(chunk.architectures(space))
            for row, error in parsed.errors.items():
                self.fault(int(chunk.numbers[row]), COLUMN, str(error))
            good = ~np.isin(np.arange(len(chunk.numbers)), list(parsed.errors))
            yield chunk.kept(good), parsed.architectures[good]

    def column(self, chunk: Chunk, name: str) -> Float64[np.ndarray, " N"]:
        """Return a column of numbers; NaN where a row has none and rows may be skipped.

        Raises:
            DataError: there is no such column, or a row holds no number.
        """
        self.require(name, chunk.table.column_names)
        raw_values = values = chunk.table.column(name).combine_chunks()
        if pa.types.is_string(values.type):
            texts = pc.utf8_trim_whitespace(values)
            number = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
            right = pc.match_substring_regex(texts, number)
            values = pc.if_else(right, texts, pa.scalar(None, pa.string()))
        try:
            numbers = pc.cast(values, pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise self._refuse(f"column {name!r} holds no numbers", error) from error
        for row in np.flatnonzero(~np.isfinite(numbers)):
            what = f"{shown(raw_values[int(row)].as_py())} is no finite number"
            self.fault(int(chunk.numbers[row]), name, what)
        return np.where(np.isfinite(numbers), numbers, np.nan)

    @property
    def _name(self) -> str:
        return "standard input" if self.path == STANDARD else self.path

    def _refuse(self, what: str, error: Exception | None = None) -> DataError:
        reason = f": {cut(str(error))}" if error else ""
        return DataError(f"{self._name}: {what}{reason}")

    def _csv(self, stream: Any) -> Iterator[Chunk]:
        try:
            header = stream.readline().decode("utf-8-sig")
            names = next(csv.reader([header], delimiter=SEPARATORS[self.format]), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise self._refuse("its header is no CSV in UTF-8", error) from error
        first = _Quotes(io.BytesIO(header.encode()), SEPARATORS[self.format], line=0)
        first.readall()
        self._check_closed(first)
        self._check_columns(names)
        empty = pa.table({name: pa.array([], pa.string()) for name in names})
        if not stream.peek(1):
            yield _numbered(empty, 0)
            return
        total, rows = None, range(sys.maxsize)
        if self.shard != WHOLE:
            begin = stream.tell()
            total = sum(map(len, self._csv_batches(stream, names, names[:1], lambda _: None)))
            stream.seek(begin)
            rows = self._rows_of(total)
        above = 0  # rows that cannot be read, so far

        def unreadable(row: Any) -> None:
            nonlocal above
            readable = row.number - 1 - above  # how many of the rows before it can be
            above += 1
            if readable in rows or (readable == total and self.shard.number == self.shard.count):
                what = _ragged(row.actual_columns, row.expected_columns)
                self.fault(row.number, "", what)

        batches = self._csv_batches(stream, names, names, unreadable)
        yield from _chunks_of(_part(batches, rows), rows.start, empty)

    def _csv_batches(
        self, stream: Any, names: list[str], wanted: list[str], unreadable: Callable[[Any], None]
    ) -> Iterator[pa.RecordBatch]:
        """Yield the readable rows from where a stream stands; others are handed on, or errors."""

        def handed_on(row: Any) -> str:
            unreadable(row)
            return "skip"

        read = pa_csv.ReadOptions(column_names=names, block_size=BLOCK, use_threads=False)
        faults: dict[str, Any] = {"invalid_row_handler": handed_on} if self.skip else {}
        separator = SEPARATORS[self.format]
        parse = pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True, **faults)
        types = dict.fromkeys(names, pa.string())
        convert = pa_csv.ConvertOptions(column_types=types, include_columns=wanted)
        quotes = _Quotes(stream, separator, line=1)
        try:
            yield from pa_csv.open_csv(quotes, read, parse, convert)
        except pa.ArrowInvalid as error:
            self._check_closed(quotes)
            ragged = _RAGGED.search(str(error))
            if ragged is None:
                raise self._refuse("is no CSV", error) from error
            row, expected, actual = map(int, ragged.groups())
            raise self._refuse(f"row {row}: {_ragged(actual, expected)}") from error
        self._check_closed(quotes)

    def _check_closed(self, quotes: "_Quotes") -> None:
        """Refuse a file in which a quote opens a value that swallows all that follows."""
        if quotes.unclosed:
            raise self._refuse(f"line {quotes.unclosed}: a quote opens a value that none closes")

    def _jsonl(self, stream: Any) -> Iterator[Chunk]:
        remaining: Iterator[bytes] = stream
        start = 1
        if self.shard != WHOLE:
            mine = self._rows_of(sum(1 for _ in stream))
            stream.seek(0)
            remaining, start = islice(stream, mine.start, mine.stop), mine.start + 1
        while lines := list(islice(remaining, CHUNK)):
            rows: dict[int, dict[str, Any]] = {}
            for number, line in enumerate(lines, start):
                if not line.strip():  # of no row, as in a CSV
                    continue
                try:
                    row = read_json(line)
                    if not isinstance(row, dict):
                        raise ValueError("a line must be an object {...}")
                    rows[number] = row
                except ValueError as error:
                    self.fault(
                        number, "", f"not JSON: {error}: {shown(line.decode(errors='replace'))}"
                    )
            start += len(lines)
            if rows:
                names = list(dict.fromkeys(chain.from_iterable(rows.values())))
                self._check_columns(names)
                yield Chunk(_table_of([*rows.values()], names), np.array([*rows], dtype=np.int64))

    def _parquet(self, stream: Any) -> Iterator[Chunk]:
        try:
            # Buffered by the block: what is buffered ahead stays until the end.
            file = pq.ParquetFile(stream, pre_buffer=False, buffer_size=BLOCK)
            self._check_columns(file.schema_arrow.names)
            rows = self._rows_of(file.metadata.num_rows)
            groups, first = _groups_of(file.metadata, rows)
            batches = file.iter_batches(BATCH, groups) if groups else iter(())
            inside = range(rows.start - first, rows.stop - first)
            empty = file.schema_arrow.empty_table()
            yield from _chunks_of(_part(batches, inside), rows.start, empty)
        except pa.ArrowMemoryError:
            raise
        except pa.ArrowException as error:
            raise self._refuse("is no Parquet file", error) from error

    def require(self, column: str, names: list[str]) -> None:
        """Refuse a file whose columns, of those names, lack one.

        Raises:
            DataError: they do; the message lists them, and the nearest one first.
        """
        if column not in names:
            columns = cut(", ".join(map(repr, names)) or "none")
            hint = nearest(column, names)
            raise self._refuse(f"there is no column {column!r}{hint}; its columns are {columns}")

    def _check_columns(self, names: list[str]) -> None:
        if self.needed:
            self.require(self.needed, names)
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise self._refuse(f"there are several columns {twice[0]!r}")


def _ragged(actual: int, expected: int) -> str:
    """Return what is wrong with a row that has another number of values than the header."""
    return f"{number_of(actual, 'value')}; the header names {expected}"


def _part(batches: Iterable[pa.RecordBatch], rows: range) -> Iterator[pa.RecordBatch]:
    """Yield those rows, counted from 0, and read no further."""
    start = 0
    for batch in batches:
        skipped = max(0, rows.start - start)
        kept = batch.slice(skipped, max(0, rows.stop - start - skipped))
        start += len(batch)
        if len(kept):
            yield kept
        if start >= rows.stop:
            return


def _chunks_of(batches: Iterable[pa.RecordBatch], start: int, empty: pa.Table) -> Iterator[Chunk]:
    """Yield chunks from batches of any size, `start` rows above them; `empty` if there is none."""
    begin, held = start, empty
    for batch in batches:
        held = pa.concat_tables([held, pa.Table.from_batches([batch])])
        while len(held) >= CHUNK or held.nbytes >= WIDE:
            chunk = _numbered(held.slice(0, CHUNK), start)
            start, held = start + len(chunk.table), held.slice(CHUNK)
            yield chunk
    if len(held) or start == begin:
        yield _numbered(held, start)


def _numbered(table: pa.Table, start: int) -> Chunk:
    return Chunk(table, np.arange(start + 1, start + 1 + len(table), dtype=np.int64))


def _groups_of(metadata: pq.FileMetaData, rows: range) -> tuple[list[int], int]:
    """Return the groups of a Parquet file in which rows are, and the first one's first row."""
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    ends = np.cumsum([0, *sizes])
    groups = [g for g in range(len(sizes)) if ends[g] < rows.stop and ends[g + 1] > rows.start]
    return groups, int(ends[groups[0]]) if groups else 0


def _table_of(rows: list[dict[str, Any]], names: list[str]) -> pa.Table:
    """Return a table of JSON objects; a column that holds objects becomes their texts, marked."""
    both = [column_of([row.get(name) for row in rows], name) for name in names]
    return pa.Table.from_arrays([c for c, _ in both], schema=pa.schema([f for _, f in both]))


def column_of(values: list[Any], name: str) -> tuple[pa.Array, pa.Field]:
    """Return a column of JSON values; one that holds objects becomes their texts, marked."""
    marked = any(isinstance(value, dict | list) for value in values)
    if not marked:
        try:
            column = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            marked = True
    if marked:
        texts = [v if name == COLUMN and isinstance(v, str) else json.dumps(v) for v in values]
        column = pa.array(texts, pa.string())
    return column, pa.field(name, column.type, metadata=_OBJECTS if marked else None)


def format_of(path: str, named_format: str | None = None) -> str:
    """Return the format of a file by its name; that of standard input or output is CSV.

    What is no regular file, such as /dev/null, is taken for CSV, too.

    Raises:
        UnknownNameError: another format than csv, tsv, jsonl and parquet, or one that cannot be
            compressed.
    """
    known = sorted(set(FORMATS.values()))
    if named_format is not None and named_format not in known:
        raise UnknownNameError("format", named_format, known)
    codec = codec_of(path)
    bare = Path(path).with_suffix("") if codec else Path(path)
    suffix = bare.suffix.lower()
    named = is_read_once(path) or suffix in FORMATS
    if named_format is None and not named:
        allowed = [*FORMATS, *(f"{ending}{end}" for ending in (".csv", ".jsonl") for end in CODECS)]
        raise UnknownNameError(f"file format of {path}", "".join(Path(path).suffixes), allowed)
    format = named_format or FORMATS.get(suffix, "csv")  # noqa: A001
    if codec and format == "parquet":
        allowed = [name for name in known if name != "parquet"]
        raise UnknownNameError(f"format that is compressed by {codec}", format, allowed)
    return format


def codec_of(path: str) -> str | None:
    """Return what a file is compressed by, as the end of its name says; None for nothing."""
    return None if path == STANDARD else CODECS.get(Path(path).suffix.lower())


def is_read_once(path: str) -> bool:
    """Tell whether a path is standard input, a pipe or the like, which has no way back."""
    return path == STANDARD or is_device(path)


class _Decompressed(io.RawIOBase):
    """What a compressed file holds; going back reads it anew."""

    def __init__(self, path: str, codec: str) -> None:
        self._path, self._codec = path, codec
        self._start()

    def _start(self) -> None:
        self._file, self._place = Path(self._path).open("rb"), 0  # noqa: SIM115
        self._stream = pa.CompressedInputStream(self._file, self._codec)

    def close(self) -> None:
        self._stream.close()  # which closes the file
        super().close()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def tell(self) -> int:
        return self._place

    def share(self) -> float:
        """Return how much of the file was read."""
        return self._file.tell() / max(1, Path(self._path).stat().st_size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        wanted = offset + (self._place if whence == io.SEEK_CUR else 0)
        if wanted < self._place:
            self._stream.close()
            self._start()
        while left := max(0, wanted - self._place):
            data = self._stream.read(min(BLOCK, left))
            if not data:
                break
            self._place += len(data)
        return self._place


class _Quotes(io.RawIOBase):
    """A CSV that is read, and where in it a quote opens a value that none has closed yet.

    Arrow takes a value whose quote is not closed for one that ends with the file.

    Args:
        stream: the CSV.
        separator: of its values.
        line: how many lines stand before what is read.
    """

    def __init__(self, stream: Any, separator: str, line: int) -> None:
        self._stream, self._line, self._ended = stream, line, False
        self._rest = b"\n"  # from the value on that may be open, with what stands before it
        begin = b"[" + separator.encode() + rb"\r\n]"
        self._quoted = re.compile(begin + rb'"[^"]*+(?:""[^"]*+)*+("?)')

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._ended = not data
        read = self._rest + data
        values = self._quoted.finditer(read) if b'"' in read else iter(())
        # A quote at the end of what is read may be the first of two, which are one in a value.
        unsure = (v.start() for v in values if not v[1] or v.end() == len(read))
        place = next(unsure, len(read) - 1)
        self._line += read.count(b"\n", 0, place)
        self._rest = read[place:]
        return len(data)

    @property
    def unclosed(self) -> int | None:
        """The line of the quote, if the file has ended or the value is larger than any may be."""
        value = self._quoted.match(self._rest)
        if value is None or value[1] or not (self._ended or len(self._rest) > BLOCK):
            return None
        return self._line + self._rest.count(b"\n", 0, 1)


class Writer:
    """Writes tables one below the other into a binary stream, as csv, tsv, jsonl or parquet."""

    def __init__(self, stream: Any, format: str) -> None:  # noqa: A002
        self.stream, self.format = stream, format
        self.schema: pa.Schema | None = None
        self._parquet: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        """Write a table of the columns of the first.

        Raises:
            DataError: its columns are others.
        """
        if self.format == "jsonl":
            self.stream.write(_json_lines(table))
            return
        first = self.schema is None
        self.schema = self.schema or table.schema
        try:
            table = table.select(self.schema.names).cast(self.schema)
        except (pa.ArrowInvalid, KeyError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise DataError(f"the columns of later rows are others: {reason}") from error
        if self.format in SEPARATORS:
            separator = SEPARATORS[self.format]
            header = _lines(pa.table({name: [name] for name in table.column_names}), separator)
            self.stream.write((header if first else b"") + _lines(table, separator))
        else:
            self._parquet = self._parquet or pq.ParquetWriter(self.stream, self.schema)
            self._parquet.write_table(table)

    def close(self) -> None:
        """Write what belongs at the end."""
        if self._parquet is not None:
            self._parquet.close()
        self.stream.flush()


def _lines(table: pa.Table, separator: str) -> bytes:
    if not len(table):
        return b""
    columns = []
    for column in table.combine_chunks().columns:
        texts = pc.cast(column, pa.string()).fill_null("")
        quoted = pc.binary_join_element_wise('"', pc.replace_substring(texts, '"', '""'), '"', "")
        columns.append(
            pc.if_else(pc.match_substring_regex(texts, f'["{separator}\r\n]'), quoted, texts)
        )
    lines = pc.binary_join_element_wise(*columns, separator)
    ended = pc.binary_join_element_wise(lines, "", "\n").combine_chunks()
    # The texts of a column stand one behind the other in one buffer.
    _, offsets, data = ended.buffers()
    ends = np.frombuffer(offsets, np.int32)[ended.offset :]
    first, last = int(ends[0]), int(ends[len(ended)])
    return data.slice(first, last - first).to_pybytes()


def _json_lines(table: pa.Table) -> bytes:
    objects = {f.name for f in table.schema if (f.metadata or {}).items() >= _OBJECTS.items()}
    lines = io.StringIO()
    for row in table.to_pylist():
        for name in objects:
            value = row[name]
            plain = value is None or (name == COLUMN and not value.lstrip().startswith(("{", "[")))
            row[name] = value if plain else json.loads(value)
        for name, value in row.items():
            if isinstance(value, float) and value != value:  # noqa: PLR0124 - NaN is no JSON
                row[name] = None
        lines.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
    return lines.getvalue().encode()


@contextmanager
def output(path: str, format: str) -> Iterator[Writer]:  # noqa: A002
    """Open a file, or standard output, for tables; on an error nothing appears under its name.

    Raises:
        InUseError: another process is writing the file.
        UnwritableFileError: it cannot be written.
    """
    with told_if_full("standard output" if path == STANDARD else path), ExitStack() as opened:
        stream: Any = sys.stdout.buffer
        if is_device(path):
            stream = opened.enter_context(device(path))
        elif path != STANDARD:
            opened.enter_context(claimed(path))
            stream = opened.enter_context(opened.enter_context(written_whole(path)).open("wb"))
        codec = codec_of(path)
        if codec:
            stream = opened.enter_context(pa.CompressedOutputStream(stream, codec))
        writer = Writer(stream, format)
        yield writer
        writer.close()
