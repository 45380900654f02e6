"""Files as people have them: compressed, tabs, devices, faulty throughout, missing."""

import gzip
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pyarrow as pa
import pytest
from test_cli import BEST, CUT, score, tgnas, write

from tgnas.errors import DataError
from tgnas.inference.known import known_of
from tgnas.inference.streaming import WHOLE, Shard, Source, format_of, output
from tgnas.spaces.space import open_space

OPERATORS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
ROWS = pa.table({"architecture": [BEST, CUT] * 50, "note": ['a\t"b"', "c, d"] * 50})
SUFFIXES = ["csv", "tsv", "jsonl", "csv.gz", "tsv.gz", "jsonl.gz", "csv.zst", "jsonl.zst"]


def saved(path):
    with output(str(path), format_of(str(path))) as writer:
        writer.write(ROWS)
    return path


def rows_of(path, shard: Shard = WHOLE) -> list[dict]:
    source = Source(str(path), format_of(str(path)), shard=shard)
    return [row for chunk in source.chunks() for row in chunk.table.to_pylist()]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_is_read_as_it_was_written_whatever_its_format(tmp_path, suffix):
    path = saved(tmp_path / f"a.{suffix}")
    assert rows_of(path) == ROWS.to_pylist()
    parts = [rows_of(path, Shard(number, 3)) for number in (1, 2, 3)]
    assert [row for part in parts for row in part] == ROWS.to_pylist()


def test_gzip_that_others_wrote_is_read_and_ours_is_read_by_others(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(f"architecture\n{BEST}\n".encode()))
    assert rows_of(tmp_path / "a.csv.gz") == [{"architecture": BEST}]
    with gzip.open(saved(tmp_path / "b.csv.gz"), "rt") as stream:
        assert stream.readline() == "architecture,note\n"


@pytest.mark.parametrize("suffix", ["csv.gz", "jsonl.zst"])
def test_a_compressed_file_that_is_cut_off_is_refused_in_a_line(tmp_path, suffix):
    path = saved(tmp_path / f"a.{suffix}")
    path.write_bytes(path.read_bytes()[:-20])
    done = score(path)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("name", ["a.txt", "a.parquet.gz", "a.txt.gz"])
def test_another_ending_is_answered_with_those_that_are_known(tmp_path, name):
    done = score(tmp_path / name)
    assert done.exit_code == 2
    assert ".csv" in done.stderr or "csv, jsonl, tsv" in done.stderr


def test_devices_are_written_into_and_stay_what_they_are(tmp_path):
    file = write(tmp_path / "a.csv", BEST)
    assert score(file, "--output", "/dev/null").exit_code == 0
    done = score(file, "--output", "/dev/null", "--output-format", "jsonl")
    assert done.exit_code == 0
    assert Path("/dev/null").read_text() == ""


@contextmanager
def piped(content: bytes):
    """Yield the name of a pipe that holds some bytes, as a shell's <(...) is named."""
    here, there = os.pipe()
    os.write(there, content)
    os.close(there)
    try:
        yield f"/dev/fd/{here}"
    finally:
        os.close(here)


@pytest.mark.parametrize("command", ["rank", "score"])
def test_a_pipe_is_read_as_a_file_is(tmp_path, command):
    file = write(tmp_path / "a.csv", BEST, CUT)
    about = (command, "--space", "nasbench201", "--architectures")
    with piped(file.read_bytes()) as pipe:
        done = tgnas(*about, pipe)
    assert (done.exit_code, done.stdout) == (0, tgnas(*about, file).stdout)


@pytest.mark.parametrize("asked", [["--shard", "1/2"], ["--input-format", "parquet"]])
def test_a_pipe_is_not_read_from_its_end_or_in_parts(asked):
    with piped(b"architecture\n") as pipe:
        done = score(pipe, *asked)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "name a file" in done.stderr


def test_a_table_of_costs_may_come_by_standard_input():
    about = ("--space", "nasbench201", "--searcher", "random", "--budget", "5", "--costs", "-")
    costs = "operator,watts\n" + "".join(f"{name},1\n" for name in OPERATORS)
    done = tgnas("search", *about, "--constraint", "watts<=9", text=costs)
    assert json.loads(done.stdout)["watts"] == 6


@pytest.mark.parametrize("command", ["score", "evaluate"])
def test_a_stream_that_leads_to_a_file_goes_on_there(tmp_path, command):
    rows = "".join(f"{index},{index}\n" for index in range(12))
    (tmp_path / "a.csv").write_text("architecture,accuracy\n" + rows)
    about = ["--accuracy-column", "accuracy"] if command == "evaluate" else []
    about += ["--space", "nasbench201", "--architectures", tmp_path / "a.csv"]
    with (tmp_path / "b.txt").open("w") as stream:
        stream.write("before\n")
        stream.flush()
        name = f"/dev/fd/{stream.fileno()}"
        assert tgnas(command, *about, "--output", name).exit_code == 0
        stream.write("after\n")
    first, *written, last = (tmp_path / "b.txt").read_text().splitlines(keepends=True)
    assert (first, last) == ("before\n", "after\n")
    assert "".join(written) == tgnas(command, *about).stdout


@pytest.mark.parametrize(
    "name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/../dev/fd/1"]
)
def test_a_stream_of_the_process_is_a_device_whatever_it_leads_to(name):
    asked = f"from tgnas.files import is_device; print(is_device({name!r}))"
    command = [sys.executable, "-c", asked]
    with TemporaryFile() as file:
        subprocess.run(command, stdout=file, check=True)
        file.seek(0)
        assert file.read() == b"True\n"


def test_a_front_is_not_written_into_a_device(tmp_path):
    about = ("--space", "nasbench201", "--pareto", "score,params", "--output", "/dev/null")
    done = tgnas("search", *about)
    assert done.exit_code == 2
    assert "name a file" in done.stderr
    assert not Path("/dev/null.png").exists()


def test_a_column_of_numbers_or_lists_is_read_by_the_notations(tmp_path):
    lines = [{"architecture": 0}, {"architecture": 9}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert score(tmp_path / "a.jsonl").exit_code == 0
    lists = pa.table({"architecture": [[3, 0, 1, 2, 4, 1]]})
    pa.parquet.write_table(lists, tmp_path / "b.parquet")
    assert score(tmp_path / "b.parquet").exit_code == 0


def test_a_column_of_fractions_or_truths_is_read_as_a_csv_would_have_it(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"architecture": 12.0}\n{"architecture": null}\n')
    done = score(tmp_path / "a.jsonl", "--on-error", "skip")
    assert (done.exit_code, done.stdout.count("\n")) == (0, 2)
    (tmp_path / "b.jsonl").write_text('{"architecture": true}\n')
    told = score(tmp_path / "b.jsonl").stderr
    assert "b.jsonl: row 1, column 'architecture': nasbench201: True is none of" in told


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_trained_architectures_are_known_from_a_table_of_any_format(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    table = pa.table({"architecture": [BEST, CUT], "accuracy": [91.5, None]})
    with output(str(path), format_of(str(path))) as writer:
        writer.write(table)
    labels = known_of(str(path), open_space("nasbench201")).labels
    assert labels[0] == 91.5
    assert np.isnan(labels[1])


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("beginning", "message"),
    [
        (gzip.compress(b"architecture", mtime=0), "is gzip, which its name must say by .gz"),
        (b"\x28\xb5\x2f\xfd\x04", "is zstd, which its name must say by .zst"),
        (b"PK\x03\x04\x14", "is a zip archive; unpack it"),
        ("architecture".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"PAR1\x15\x04", "is Parquet, which its name or --input-format must say"),
    ],
    ids=["gzip", "zstd", "zip", "utf16", "parquet"],
)
def test_a_file_of_another_kind_than_its_name_says_is_told_so(tmp_path, suffix, beginning, message):
    if suffix == "parquet" and "Parquet" in message:
        message = "is no Parquet file"  # it is cut off
    file = tmp_path / f"a.{suffix}"
    file.write_bytes(beginning)
    done = score(file)
    assert done.exit_code == 1
    assert f"a.{suffix}: {message}" in done.stderr


def test_a_csv_that_may_have_been_cut_off_is_told(tmp_path, caplog):
    (tmp_path / "whole.csv").write_text(f"architecture,accuracy\n{BEST},93.5\n")
    (tmp_path / "cut.csv").write_text(f"architecture,accuracy\n{BEST},9")
    for name in ("whole.csv", "cut.csv"):
        known_of(str(tmp_path / name), open_space("nasbench201"))
    assert [record.message for record in caplog.records] == [
        f"{tmp_path / 'cut.csv'}: its last line has no end; if the file was cut off, what its last "
        "row says is wrong"
    ]


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
@pytest.mark.parametrize("behind", [0, 1, 60_000])
@pytest.mark.parametrize(("text", "line"), [(f'{BEST},"9', 3), (f'"{BEST},9', 3), ('"a\n","', 4)])
def test_a_quote_that_nothing_closes_is_told_with_its_line(
    tmp_path, text, line, behind, suffix, skip
):
    file = tmp_path / f"a.{suffix}"
    whole = f"architecture,accuracy\n{BEST},93.5\n{text}\n" + f"{BEST},9\n" * behind
    file.write_bytes(whole.encode() if suffix == "csv" else gzip.compress(whole.encode()))
    with pytest.raises(DataError, match=rf"a\.{suffix}: line {line}: a quote opens a value that"):
        list(Source(str(file), "csv", skip).chunks())


def test_a_quote_that_nothing_closes_is_told_of_a_header(tmp_path):
    (tmp_path / "a.csv").write_text(f'architecture,"accuracy\n{BEST},9\n')
    with pytest.raises(DataError, match=r"a\.csv: line 1: a quote opens a value that none closes$"):
        known_of(str(tmp_path / "a.csv"), open_space("nasbench201"))


@pytest.mark.parametrize("text", ['"a""\n","b\n"', 'a"b,"c"d"', '"",""""'])
def test_quotes_that_are_closed_or_open_no_value_are_read(tmp_path, text):
    (tmp_path / "a.csv").write_text(f"architecture,note\n{text}")
    [chunk] = Source(str(tmp_path / "a.csv"), "csv").chunks()
    assert len(chunk.numbers) == 1


@pytest.mark.parametrize(("row", "values"), [(BEST, "1 value"), (f"{BEST},9,9", "3 values")])
def test_a_row_with_more_or_fewer_values_than_the_header_is_told_with_its_number(
    tmp_path, row, values
):
    (tmp_path / "a.csv").write_text(f"architecture,accuracy\n{BEST},93.5\n{row}\n{BEST},9\n")
    with pytest.raises(DataError, match=f"a.csv: row 2: {values}; the header names 2$"):
        known_of(str(tmp_path / "a.csv"), open_space("nasbench201"))


def test_where_every_row_is_faulty_skipping_them_leaves_nothing_to_be_done(tmp_path):
    done = score(
        write(tmp_path / "a.csv", "x", "y"), "--on-error", "skip", "--output", tmp_path / "b.csv"
    )
    assert done.exit_code == 1
    assert "none of 2 rows can be used; the first: " in done.stderr
    assert not (tmp_path / "b.csv").exists()


def test_what_a_message_quotes_is_cut_off(tmp_path):
    long = "x" * 10_000
    for file in (write(tmp_path / "a.csv", long), tmp_path / "b.jsonl", tmp_path / "c.csv"):
        if not file.exists():
            file.write_text(f'{{"architecture": "{long}' if "b" in file.name else f"{long}\n1\n")
        done = score(file)
        assert done.exit_code == 1
        assert len(done.stderr) < 700


@pytest.mark.parametrize(
    "command",
    [
        ["score", "--space", "nasbench201", "--architectures", "none.csv"],
        ["score", "--space", "none.yaml", "--architectures", "a.csv"],
        ["score", "--space", "nats", "--architectures", "a.csv", "--predictor", "none.safetensors"],
        ["space", "check", "none.yaml"],
        ["train", "--space", "nats", "--benchmark", "none.csv", "--output", "w.safetensors"],
        ["train-network", "--recipe", "none.yaml", "--architecture", BEST, "--images", "x",
         "--output", "o"],
        ["train-network", "--recipe", "RECIPE", "--architecture", "none.json", "--images", "x",
         "--output", "o"],
        ["train-network", "--recipe", "RECIPE", "--architecture", BEST, "--images", "none.tar.gz",
         "--output", "o"],
        ["train-network", "--recipe", "RECIPE", "--architecture", BEST, "--images", "none",
         "--output", "o"],
    ],
    ids=range(9),
)  # fmt: skip
def test_a_file_that_is_not_there_ends_every_command_alike(tmp_path, monkeypatch, request, command):
    recipe = request.config.rootpath / "config" / "recipes" / "nasbench201.yaml"
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", BEST)
    done = tgnas(*(recipe if word == "RECIPE" else word for word in command))
    assert (done.exit_code, done.stderr.count("\n")) == (3, 1), done.stderr
    assert "none" in done.stderr


def test_a_library_that_is_missing_is_told_in_a_line(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    monkeypatch.delitem(__import__("sys").modules, "tgnas.results._cell_drawing", raising=False)
    monkeypatch.delitem(__import__("sys").modules, "tgnas.results._style", raising=False)
    done = tgnas("describe", BEST, "--space", "nats", "--png", tmp_path / "a.png")
    assert done.exit_code == 3
    assert "matplotlib is not installed" in done.stderr


def test_convert_writes_the_rows_in_another_notation(tmp_path):
    file, to = write(tmp_path / "a.csv", "(3, 0, 1, 2, 4, 1)", "9347", BEST), tmp_path / "b.csv"
    convert = ["convert", "--space", "nats", "--architectures"]
    assert tgnas(*convert, file, "--output", to).exit_code == 0
    own = [row["architecture"] for row in rows_of(to)]
    assert own[2] == BEST
    assert tgnas(*convert, to, "--to", "nats", "--output", tmp_path / "c.csv").exit_code == 0
    assert rows_of(tmp_path / "c.csv")[1]["architecture"] == "9347"
    assert tgnas(*convert, to, "--to", "json", "--output", tmp_path / "d.jsonl").exit_code == 0
    assert json.loads((tmp_path / "d.jsonl").read_text().splitlines()[0])["architecture"]["edges"]
    assert tgnas(*convert, to, "--to", "nas").exit_code == 2


def test_a_number_of_many_digits_is_no_architecture(tmp_path):
    line = f'{{"architecture": {"9" * 5000}}}'
    (tmp_path / "a.jsonl").write_text(line)
    done = score(tmp_path / "a.jsonl")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
