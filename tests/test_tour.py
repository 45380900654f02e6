"""The tour of the documentation: its commands write what stands below them."""

import csv
import re
import shlex
import sys
from pathlib import Path

import pytest
from test_cli import tgnas
from test_export import untyped

TOUR = (Path(__file__).parents[1] / "docs/tour.md").read_text()
assert untyped  # a fixture
BLOCKS = re.findall(r"^```console\n(.*?)^```", TOUR, re.DOTALL | re.MULTILINE)


def steps() -> list[tuple[str, str]]:
    """Return each command of the page, in order, with what is shown below it."""
    parts = [part for block in BLOCKS for part in re.split(r"^\$ ", block, flags=re.MULTILINE)]
    return [tuple(part.partition("\n")[::2]) for part in parts if part]


def rows(text: str) -> list[dict[str, object]]:
    """Return the rows of a CSV without its times, numbers as such."""
    return [
        {name: number(value) for name, value in row.items() if name != "milliseconds"}
        for row in csv.DictReader(text.splitlines())
    ]


def number(text: str) -> object:
    try:
        return pytest.approx(float(text), rel=1e-3, nan_ok=True)
    except ValueError:
        return text


@pytest.mark.usefixtures("untyped")
def test_the_commands_of_the_tour_write_what_it_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    shown = steps()
    assert len(shown) == 4
    for command, output in shown:
        done = tgnas(*shlex.split(command)[1:])
        assert done.exit_code == 0, done.output
        given = list(csv.DictReader(done.stdout.splitlines()))
        wanted = rows(output)
        assert len(given) == len(wanted), command
        for row, expected in zip(given, wanted, strict=True):
            for name, value in expected.items():
                same = row[name] == value if isinstance(value, str) else float(row[name]) == value
                assert same, (command, name, row[name])
