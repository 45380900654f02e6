"""The comparison of tables before and after a change: what differs, and what was meant to."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROGRAM = Path(__file__).parents[1] / "benchmarks/compare_tables.py"
BEFORE = "method,dataset,mean\na,cifar10,0.30000000000000004\nb,cifar10,0.5\n"
RENAMED = {
    "files": {"old.csv": "new.csv"},
    "columns": {"old.csv": {"mean": "tau"}},
    "names": {"a": "first"},
}


@pytest.fixture
def compared(tmp_path):
    """Return a function that compares two tables under a list of what is called otherwise."""

    def compare(after: str | None, **renamed) -> tuple[int, str]:
        for folder in ("before", "after"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / "before/old.csv").write_text(BEFORE)
        if after is not None:
            (tmp_path / "after/new.csv").write_text(after)
        (tmp_path / "renamed.yaml").write_text(yaml.safe_dump(RENAMED | renamed))
        command = [sys.executable, str(PROGRAM), "before", "after", "--renamed", "renamed.yaml"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    return compare


def test_renamed_files_columns_and_rows_in_another_order_are_the_same(compared):
    after = "method,dataset,tau,seeds\nb,cifar10,0.50,1\nfirst,cifar10,0.30000000000000004,1\n"
    assert compared(after) == (0, "old.csv: no difference\nnothing differs that was not intended\n")


def test_a_number_that_differs_in_its_last_digit_is_named(compared):
    code, text = compared("method,dataset,tau\nfirst,cifar10,0.3\nb,cifar10,0.5\n")
    assert code == 1
    assert "tau: 1 of 2 rows, the first 1: 0.30000000000000004 before, 0.3 after" in text


def test_a_difference_that_was_meant_is_named_with_its_reason(compared):
    after = "method,dataset,tau\nfirst,cifar10,0.4\nb,cifar10,0.5\n"
    row = {"file": "old.csv", "columns": ["tau"], "reason": "another seed"}
    code, text = compared(after, intended=[row])
    assert code == 0
    assert "(intended: another seed)" in text


def test_a_table_a_column_or_a_row_that_is_gone_is_named(compared):
    assert compared(None)[0] == 1
    code, text = compared("method,dataset\nfirst,cifar10\nb,cifar10\n")
    assert code == 1 and "column tau is not there" in text
    code, text = compared("method,dataset,tau\nb,cifar10,0.5\n")
    assert code == 1 and "2 rows before, 1 after" in text
