"""Running a function as a job or as a command."""

import logging
import os
import re
import sys
import warnings
from errno import ENOSPC
from pathlib import Path
from types import SimpleNamespace

import pytest

from tgnas.errors import UnknownNameError
from tgnas.workflow.script import run


@pytest.fixture(autouse=True)
def logging_as_before():
    """Put back what a process sets up once."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    logging.captureWarnings(False)
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def job(log: list[str], **parts: dict) -> SimpleNamespace:
    """Return what Snakemake hands to a script."""
    named = {name: parts.get(name, {}) for name in ("wildcards", "params", "input", "output")}
    return SimpleNamespace(threads=2, log=log, **named)


@pytest.fixture
def called() -> dict:
    """Collect the arguments that `main` was called with."""
    return {}


@pytest.fixture
def main(called):
    def main(*, table: Path, parts: list[Path], seed: int, share: float, name: str, sizes: list):
        called.update(locals())
        del called["called"]

    return main


PARTS = {
    "wildcards": {"seed": "3", "unused": "x"},
    "params": {"share": "0.5", "name": "tgnas", "sizes": [1, 2]},
    "input": {"parts": ["a.csv", "b.csv"]},
    "output": {"table": "out/table.csv"},
}
EXPECTED = {
    "table": Path("out/table.csv"),
    "parts": [Path("a.csv"), Path("b.csv")],
    "seed": 3,
    "share": 0.5,
    "name": "tgnas",
    "sizes": [1, 2],
}


def test_a_job_gives_each_parameter_by_its_name_and_type(main, called):
    run(main, job([], **PARTS))
    assert called == EXPECTED


def test_a_job_gives_its_threads():
    def main(*, threads: int) -> None:
        assert threads == 2

    run(main, job([]))


def test_one_file_is_a_list_of_one(main, called):
    run(main, job([], **PARTS | {"input": {"parts": "a.csv"}}))
    assert called["parts"] == [Path("a.csv")]


def test_a_command_line_gives_the_same_as_a_job(main, called, monkeypatch):
    line = "x --table out/table.csv --parts a.csv b.csv --seed 3 --share 0.5 --name tgnas --sizes"
    monkeypatch.setattr(sys, "argv", [*line.split(), "[1, 2]"])
    run(main)
    assert called == EXPECTED


def test_an_underscore_is_a_dash_on_the_command_line(monkeypatch):
    def main(*, top_share: float = 0.1) -> None:
        assert top_share == 0.2

    monkeypatch.setattr(sys, "argv", ["x", "--top-share", "0.2"])
    run(main)


def test_a_default_of_the_signature_need_not_be_given(monkeypatch):
    def main(*, seed: int = 7) -> None:
        assert seed == 7

    monkeypatch.setattr(sys, "argv", ["x"])
    run(main)


def test_a_missing_argument_of_a_command_is_named(main, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["x", "--seed", "3"])
    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code != 0
    assert "--table" in capsys.readouterr().err


def test_what_a_rule_does_not_give_is_named(main, tmp_path, capsys):
    given = {name: part for name, part in PARTS.items() if name != "output"}
    with pytest.raises(SystemExit) as ended:
        run(main, job([], **given))
    assert ended.value.code == 1
    assert "the rule gives no 'table'; it gives files, name, parts" in capsys.readouterr().err


def fails(error: Exception):
    def main() -> None:
        raise error

    return main


def test_an_error_of_the_user_ends_with_one_line(tmp_path, capsys):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit) as ended:
        run(fails(UnknownNameError("proxy", "synflw", ["synflow"])), job([str(log)]))
    assert ended.value.code == 1
    message = "unknown proxy 'synflw' (did you mean 'synflow'?); known: synflow"
    for text in (log.read_text(), capsys.readouterr().err):
        assert message in text
        assert "Traceback" not in text
        assert sum("ERROR" in line for line in text.splitlines()) == 1


def test_a_full_disk_ends_with_one_line(tmp_path):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit) as ended:
        run(fails(OSError(ENOSPC, os.strerror(ENOSPC), "scores.csv")), job([str(log)]))
    assert ended.value.code == 1
    assert "No space left on device: 'scores.csv'" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_any_other_error_leaves_its_traceback_in_the_log(tmp_path):
    log = tmp_path / "job.log"
    with pytest.raises(ZeroDivisionError):
        run(fails(ZeroDivisionError("nothing to divide by")), job([str(log)]))
    assert "Traceback (most recent call last)" in log.read_text()
    assert "ZeroDivisionError: nothing to divide by" in log.read_text()


def test_the_log_begins_with_the_arguments_and_ends_with_the_seconds(main, tmp_path):
    log = tmp_path / "deep" / "job.log"
    run(main, job([str(log)], **PARTS))
    first, *_, last = log.read_text().splitlines()
    assert "INFO tgnas.workflow.script arguments table=out/table.csv" in first
    assert "seed=3" in first
    assert re.search(r"INFO tgnas\.workflow\.script done seconds=\d+\.\d$", last)


def test_a_long_argument_is_logged_by_its_length_and_a_digest(tmp_path):
    def main(*, name: str, sizes: list) -> None:
        pass

    log = tmp_path / "job.log"
    run(main, job([str(log)], params={"name": "x" * 20_000, "sizes": list(range(5000))}))
    assert "name=<20,000 characters, sha256 " in log.read_text()
    assert "sizes=<5,000 entries, sha256 " in log.read_text()
    assert max(map(len, log.read_text().splitlines())) < 250


def test_a_second_run_replaces_the_log_of_the_first(main, tmp_path):
    for _ in range(2):
        run(main, job([str(tmp_path / "job.log")], **PARTS))
    assert (tmp_path / "job.log").read_text().count("arguments") == 1


def test_a_warning_goes_into_the_log(tmp_path):
    def main() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(False)
            logging.captureWarnings(True)
            warnings.warn("the file is old", stacklevel=1)

    run(main, job([str(tmp_path / "job.log")]))
    assert "WARNING py.warnings" in (tmp_path / "job.log").read_text()


def test_a_job_whose_fetched_input_was_changed_does_not_begin(main, called, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("config", "resources"):
        Path(folder).mkdir()
    Path("config/resources.tsv").write_text(
        f"name\turl\tsha256\tbytes\tlicence\na.csv\thttps://example.org/a.csv\t{'0' * 64}\t3\tMIT\n"
    )
    Path("resources/a.csv").write_text("1,2")
    parts = PARTS | {"input": {"parts": ["resources/a.csv"]}}
    with pytest.raises(SystemExit):
        run(main, job([], **parts))
    assert not called


@pytest.mark.parametrize("part", ["input", "output"])
@pytest.mark.parametrize("held", ["method,tau\nparams,0.5\nflo", ""])
def test_a_job_does_not_go_on_from_a_table_that_was_cut_off(main, called, tmp_path, part, held):
    cut = tmp_path / "cut.csv"
    cut.write_text(held)
    name, log = {"input": "parts", "output": "table"}[part], tmp_path / "log"
    with pytest.raises(SystemExit):
        run(main, job([str(log)], **PARTS | {part: {name: str(cut)}}))
    assert not called
    told = f"{cut} is damaged: its last line has no end, after {len(held)} bytes; what a job wrote"
    assert told in log.read_text()
