"""Files that stream through: every row once, in any number of parts, in memory with a bound."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tgnas.inference import scoring, streaming
from tgnas.inference.pretrained import load_pretrained
from tgnas.inference.scoring import Scorer
from tgnas.inference.streaming import DataError, Shard, Source, Writer
from tgnas.spaces.space import open_space

ROWS = 1000
# Runs the command in a process of its own and prints its peak in KiB.
PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "tgnas", *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def texts(count: int, seed: int = 0) -> list[str]:
    space = open_space("nasbench201")
    choices = np.random.default_rng(seed).integers(5, size=(count, 6))
    return space.format(space.of_choices(choices))


def write(path: Path, table: pa.Table) -> Path:
    match path.suffix:
        case ".csv":
            pa_csv.write_csv(table, path)
        case ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
        case ".parquet":
            pq.write_table(table, path, row_group_size=300)
    return path


@pytest.fixture(params=["csv", "jsonl", "parquet"])
def file(request, tmp_path) -> Path:
    names = [f'a\n"{n}"' for n in range(ROWS)]
    table = pa.table({"architecture": texts(ROWS), "name": names})
    return write(tmp_path / f"a.{request.param}", table)


def read(path: Path, shard: Shard = streaming.WHOLE, *, skip: bool = False) -> list[tuple]:
    source = Source(str(path), path.suffix[1:], skip, shard)
    return [
        (int(number), *row.values())
        for chunk in source.chunks()
        for number, row in zip(chunk.numbers, chunk.table.to_pylist(), strict=True)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 1001])
def test_shards_hold_every_row_once_and_in_order(file, count):
    parts = [read(file, Shard(number, count)) for number in range(1, count + 1)]
    assert [row for part in parts for row in part] == read(file)
    assert {len(part) for part in parts} <= {ROWS // count, ROWS // count + 1}


def test_rows_are_numbered_from_one(file):
    assert [number for number, *_ in read(file)] == list(range(1, ROWS + 1))


def test_chunks_have_no_more_rows_than_they_may(file, monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK", 64)
    chunks = list(Source(str(file), file.suffix[1:]).chunks())
    assert {len(chunk.numbers) for chunk in chunks} == {64, ROWS % 64}
    assert len(read(file)) == ROWS


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_wide_rows_come_in_smaller_chunks(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(streaming, "WIDE", 1 << 20)
    monkeypatch.setattr(streaming, "BATCH", 100)
    table = pa.table({"architecture": ["x"] * 3000, "more": ["y" * 2000] * 3000})
    path = write(tmp_path / f"a.{suffix}", table)
    sizes = [chunk.table.nbytes for chunk in Source(str(path), suffix).chunks()]
    assert len(sizes) > 2
    assert max(sizes) < 3 << 20


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_blank_line_of_json_lines_is_no_row(tmp_path, count):
    file = tmp_path / "a.jsonl"
    file.write_text('{"architecture": "a"}\n\n{"architecture": "b"}\r\n \r\n\n')
    parts = [read(file, Shard(number, count)) for number in range(1, count + 1)]
    assert [row for part in parts for row in part] == [(1, "a"), (3, "b")]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_every_unreadable_row_is_counted_by_one_shard(tmp_path, count):
    file = tmp_path / "a.csv"
    lines = ["bad", "a,1", "bad", "b,2", "bad", "bad", "c,3", "d,4", "bad"]
    file.write_text("\n".join(["architecture,number", *lines, ""]))
    sources = [Source(str(file), "csv", True, Shard(k + 1, count)) for k in range(count)]
    rows = [row for s in sources for c in s.chunks() for row in c.table.to_pylist()]
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"]
    assert sum(source.skipped for source in sources) == 5
    first = next(source.first_skipped for source in sources if source.skipped)
    assert "row 1: 1 value; the header names 2" in first


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "1/0", "-1/3", "a/b", "1/3/5", "1.5/3"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(ValueError, match="is no shard; allowed are 1/N"):
        Shard.of(text)


def test_a_csv_that_is_written_is_the_one_that_was_read(tmp_path):
    table = pa.table({"architecture": ['a"b', "c,d", "é\n", ""], "number": ["1", "", "3", "4"]})
    with (tmp_path / "a.csv").open("wb") as stream:
        writer = Writer(stream, "csv")
        writer.write(table.slice(0, 1))
        writer.write(table.slice(1))
        writer.close()
    assert [row[1:] for row in read(tmp_path / "a.csv")] == [
        tuple(row.values()) for row in table.to_pylist()
    ]


def test_members_that_share_what_is_encoded_score_as_each_alone():
    architectures = open_space("nasbench201").architectures(texts(300))
    ensemble = load_pretrained().ensemble()
    alone = np.stack([member.score(architectures) for member in ensemble.members])
    np.testing.assert_array_equal(ensemble.scores(architectures), alone)


@pytest.mark.parametrize("remembered", [0, 100, 1 << 16])
def test_what_is_remembered_does_not_change_scores(tmp_path, monkeypatch, remembered):
    monkeypatch.setattr(scoring, "REMEMBERED", remembered)
    monkeypatch.setattr(streaming, "CHUNK", 64)
    some = texts(150)
    given = [some[i] for i in np.random.default_rng(0).integers(150, size=ROWS)]
    path = write(tmp_path / "a.parquet", pa.table({"architecture": given}))
    predictor, space = load_pretrained(), open_space("nasbench201")
    scorer = Scorer(space, predictor.ensemble(), Source(str(path), "parquet"), 1)
    found = np.concatenate([scores for _, scores in scorer.run()], axis=1)
    np.testing.assert_allclose(found, predictor.scores(given, space), 1e-5, 1e-6)
    assert len(scorer._texts) == min(remembered, len(set(given)))


def test_a_faulty_architecture_is_no_better_for_being_there_again(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK", 2)
    given = ["x", *texts(2), "x", texts(1)[0], None, "x"]
    path = write(tmp_path / "a.parquet", pa.table({"architecture": given}))
    ensemble, space = load_pretrained().ensemble(), open_space("nasbench201")
    source = Source(str(path), "parquet", skip=True)
    scorer = Scorer(space, ensemble, source, 1)
    assert [int(n) for chunk, _ in scorer.run() for n in chunk.numbers] == [2, 3, 5]
    assert (scorer.count, source.skipped) == (3, 4)
    with pytest.raises(DataError, match="row 1, column 'architecture'"):
        list(Scorer(space, ensemble, Source(str(path), "parquet"), 1).run())


def test_a_fault_keeps_no_column_in_memory():
    faults = open_space("nasbench201").read(pa.array(["x", None])).errors
    assert [error.__traceback__ for error in faults.values()] == [None, None]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_four_times_the_rows_need_no_more_memory(tmp_path, suffix):
    peaks = {}
    for count in (100_000, 400_000):
        path = tmp_path / f"{count}.{suffix}"
        _write_wide(path, count)
        more = ["--architectures", path, "--output", tmp_path / f"scores.{suffix}"]
        command = [sys.executable, "-c", PEAK, "score", "--space", "nasbench201", *map(str, more)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks[count] = int(done.stdout) / 1024
    # The longer file has 130 MiB more; allocators differ by some 30 from run to run.
    assert peaks[400_000] < peaks[100_000] + 65


def _write_wide(path: Path, count: int) -> None:
    """Write architectures beside a column of 400 characters that cannot be compressed."""
    some, generator = np.array(texts(2000)), np.random.default_rng(1)
    schema = pa.schema([("architecture", pa.string()), ("more", pa.string())])
    writers: dict[str, Callable] = {".csv": pa_csv.CSVWriter, ".parquet": pq.ParquetWriter}
    with writers[path.suffix](path, schema) as writer:
        for _ in range(count // 20_000):
            more = [generator.bytes(200).hex() for _ in range(20_000)]
            chosen = some[generator.integers(len(some), size=20_000)]
            writer.write_table(pa.table([pa.array(chosen), pa.array(more)], schema=schema))
