"""Compare two folders of tables (CSV) number by number: before a change, and after it.

``python benchmarks/compare_tables.py BEFORE AFTER`` ends with 1 if a number differs that the list
of intended changes (``renamed_tables.yaml`` beside this file, or ``--renamed``) does not name. It
knows which files, columns and names of rows are called otherwise after the change. Two numbers are
the same if they are written alike, or if no bit of their floats differs.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

RENAMED = Path(__file__).with_name("renamed_tables.yaml")


def main() -> int:
    """Print what differs; return 1 where something does that is not intended."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--renamed", type=Path, default=RENAMED)
    given = parser.parse_args()
    renamed = yaml.safe_load(given.renamed.read_text())
    unintended = 0
    for path in sorted(given.before.glob("*.csv")):
        lines = list(differences(path, given.after, renamed))
        print(f"{path.name}: {len(lines) or 'no'} difference{'s' if len(lines) > 1 else ''}")
        for text, reason in lines:
            unintended += not reason
            print(f"  {text}" + (f" (intended: {reason})" if reason else ""))
    print(f"{unintended} unintended" if unintended else "nothing differs that was not intended")
    return int(unintended > 0)


def differences(
    before: Path, folder: Path, renamed: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield what differs of a table, and why that is intended; nothing where it is not.

    Args:
        before: the table before the change.
        folder: of the tables after it.
        renamed: files, columns (of each file), names (in text), measures that each run takes anew
            (rows of a column ``measure``), and intended changes.
    """
    after = folder / renamed.get("files", {}).get(before.name, before.name)
    intended = [row for row in renamed.get("intended", []) if row["file"] in (before.name, "*")]
    whole = next((row["reason"] for row in intended if "columns" not in row), "")
    reasons = {name: row["reason"] for row in intended for name in row.get("columns", [])}
    if whole or not after.exists():
        yield f"is {'other' if whole else 'not there'}: {after.name}", whole
        return
    names = renamed.get("names", {})
    old = _read(before, names).rename(columns=renamed.get("columns", {}).get(before.name, {}))
    new = _read(after, {})
    for column in old.columns:
        if column not in new:
            yield f"column {column} is not there", reasons.get(column, "")
    shared = [column for column in old.columns if column in new]
    timed = renamed.get("measured_anew", [])
    if "measure" in shared:
        old, new = (table[~table.measure.isin(timed)] for table in (old, new))
    old, new = _aligned(old[shared], new[shared])
    if len(old) != len(new):
        yield f"{len(old)} rows before, {len(new)} after", reasons.get("rows", "")
        return
    for column in shared:
        rows = [row for row in range(len(old)) if not _same(old[column][row], new[column][row])]
        if rows:
            first = f"{old[column][rows[0]]} before, {new[column][rows[0]]} after"
            text = f"{column}: {len(rows)} of {len(old)} rows, the first {rows[0]}: {first}"
            yield text, reasons.get(column, "")


def _read(path: Path, names: Mapping[str, str]) -> pd.DataFrame:
    """Return a table as text; every part of an entry that has another name now has it."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.map(lambda text: "/".join(names.get(part, part) for part in text.split("/")))


def _aligned(old: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables in one order: by their text, where that tells the rows apart."""
    keys = [c for c in old.columns if not old[c].map(_is_number).any()]
    if keys and not old.duplicated(keys).any() and not new.duplicated(keys).any():
        old, new = (table.sort_values(keys, kind="stable") for table in (old, new))
    return old.reset_index(drop=True), new.reset_index(drop=True)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _same(one: str, other: str) -> bool:
    """Tell whether two entries are the same text or the same number."""
    if one == other:
        return True
    return _is_number(one) and _is_number(other) and float(one) == float(other)


if __name__ == "__main__":
    sys.exit(main())
