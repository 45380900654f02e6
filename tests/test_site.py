"""The site, and what it is made of: every key and column has a meaning, every link a page."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import yaml

from tgnas.registry import RESULTS
from tgnas.results._catalogue import PLACEHOLDERS
from tgnas.workflow.config.document import json_schema

ROOT = Path(__file__).parents[1]
SCHEMA = json_schema()
CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text())
SHEETS = yaml.safe_load((ROOT / "workflow/schemas/sheets.yaml").read_text())
TABLES = {
    name: RESULTS.module(name).COLUMNS
    for name in RESULTS.names()
    if hasattr(RESULTS.module(name), "table")
}
PAPER = sorted((ROOT / "results/paper").glob("*.csv"))
# What a page of the site may load; what it may link to is any address.
LOADED = re.compile(
    r"<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=[\"']?((?:https?:)?//[^\"' >]+)"
)
STYLED = re.compile(r"(?:url\(|@import\s+)[\"']?((?:https?:)?//[^\"')]+)")


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    """Load the hooks of the site, which are no part of the package."""
    found = importlib.util.spec_from_file_location("hooks", ROOT / "docs/hooks.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site; a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_home_has_a_result_and_a_figure(site):
    home = (site / "index.html").read_text()
    assert "Kendall tau" in home and home.count("<table") >= 1
    figures = re.findall(r'<img [^>]*src="?([^" >]+headline[^" >]*\.png)', home)
    assert figures and all((site / figure).is_file() for figure in figures)


def described_keys(hooks: ModuleType) -> dict[str, str]:
    """Return the description of every key of the schema, without those of list members."""
    found = {}
    for name, node in SCHEMA["properties"].items():
        found[name] = hooks.described(node, SCHEMA).get("description", "")
        for path, inner in hooks.keys_of(node, SCHEMA, name):
            found[path] = inner.get("description", "")
    return found


def paths_of(value: object, path: str, known: dict[str, str]) -> set[str]:
    """Return the paths of a value's keys, with NAME for names that are the user's."""
    if isinstance(value, list):
        return set().union(*(paths_of(each, f"{path}[]", known) for each in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, inner in value.items():
        below = f"{path}.{key}" if path else key
        if any(other.startswith(f"{path}.NAME") for other in known) and below not in known:
            below = f"{path}.NAME"
        else:
            found.add(below)
        found |= paths_of(inner, below, known)
    return found


def result_of(table: str) -> str:
    """Return the result that a table is, or is a variant of."""
    return max((name for name in TABLES if table.startswith(name)), key=len)


def columns_of(table: str, among: Sequence[str] | None = None) -> re.Pattern[str]:
    """Return a pattern of the columns that a table may have, or of those of them that are given."""
    text = "|".join(re.escape(column) for column in (among or TABLES[result_of(table)]))
    for name, (_, values) in PLACEHOLDERS.items():
        text = text.replace(name, "(?:" + "|".join(values) + ")")
    return re.compile(text)


def test_every_key_of_the_schema_is_described(hooks):
    assert [path for path, text in described_keys(hooks).items() if not text.strip()] == []


def test_every_key_of_the_config_is_described(hooks):
    known = described_keys(hooks)
    # The keys of a predictor are described once; free names of members are theirs.
    predictor = {f"predictors.NAME.{key}" for key in SCHEMA["$defs"]["Predictor"]["properties"]}
    assert predictor <= known.keys()
    repeated = ("ablations.budget.",)
    kinds = "members|auxiliary_targets|size|change|cells|inputs|alike|steps|embedders|settings"
    members = re.compile(rf"(.*\.({kinds})|differences)\.\w+")
    found = {
        path
        for path in paths_of(CONFIG, "", known)
        if not path.startswith(repeated) and not members.fullmatch(path)
    }
    assert len(found) > 100
    assert sorted(found - known.keys()) == []


@pytest.mark.parametrize("path", PAPER, ids=lambda path: path.stem)
def test_every_column_of_a_published_table_is_described(path):
    known = columns_of(path.stem)
    assert [name for name in pd.read_csv(path, nrows=0) if not known.fullmatch(name)] == []


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_column_of_a_sheet_is_described(sheet):
    header = (ROOT / "config" / sheet).read_text().splitlines()[0]
    names = header.split("\t" if sheet.endswith(".tsv") else ",")
    assert names == list(SHEETS[sheet]["columns"])


def test_every_sheet_of_the_config_is_described():
    sheets = [*(ROOT / "config").glob("*.tsv"), *(ROOT / "config").glob("*.csv")]
    assert {path.name for path in sheets} == SHEETS.keys()


def test_the_pages_that_are_made_hold_every_key_column_and_command(site):
    config, tables = ((site / f"{name}.html").read_text() for name in ("config", "tables"))
    assert "predictors.NAME.learning_rate" in config
    assert all(f'id="{name}csv"' in tables for name in TABLES)
    command = (site / "cli.html").read_text()
    assert all(f"tgnas {name}" in command for name in ("score", "rank", "search", "space check"))


def test_the_site_asks_no_other_host(site):
    pages, styles = list(site.rglob("*.html")), list(site.rglob("*.css"))
    assert len(pages) > 15
    assert [found for page in pages for found in LOADED.findall(page.read_text())] == []
    assert [found for style in styles for found in STYLED.findall(style.read_text())] == []


def test_files_of_the_repository_that_pages_link_to_are_in_the_site(site):
    assert "Convolution 3 by 3" in (site / "files/src/tgnas/operators.yaml.html").read_text()
    assert (site / "files/results/paper/audit.png").stat().st_size > 1000


def test_a_link_to_a_file_that_is_not_there_ends_the_build(hooks, tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/page.md").write_text("[here](../gone.yaml)")
    monkeypatch.setattr(hooks, "ROOT", tmp_path)
    with pytest.raises(hooks.PluginError, match=r"page.md links to ../gone.yaml"):
        hooks.linked_files()


def test_links_in_code_are_left_alone(hooks):
    text = "[a](b)\n```\n[c](d)\n```\n[e](f)"
    assert hooks.outside_code(text, lambda _: "x") == "x\n```\n[c](d)\n```\nx"
