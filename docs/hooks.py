"""What the site shows and no page holds: keys, columns, fetched files, the command, linked files.

MkDocs calls ``on_files`` and ``on_page_markdown``; everything is made anew in each build.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tgnas.registry import RESULTS
from tgnas.resources.fetch import human_size, read_resources
from tgnas.results._catalogue import PLACEHOLDERS
from tgnas.workflow.config.document import json_schema

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "workflow/schemas"
LINK = re.compile(r"(\[[^\]]*\]\()([^)#\s]*)(#[^)\s]*)?\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
# Files outside of docs/ that a page of the site shows, and sections of README that have a page.
SHOWN = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "config/README.md": "config.md",
    "config/resources.tsv": "data.md",
}
LANGUAGES = {".py": "python", ".yaml": "yaml", ".json": "json", ".csv": "text", ".jsonl": "json"}
LARGEST = 100_000  # bytes of a file that becomes a page


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made, and the files that pages link to."""
    made = {
        "config.md": config_page(),
        "tables.md": tables_page(),
        "cli.md": command_page(),
        "data.md": data_page(),
    }
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    for path in linked_files():
        if is_page(path):
            content = code_page(path)
            files.append(File.generated(config, f"{copy_of(path)}.md", content=content))
        else:
            files.append(File.generated(config, copy_of(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links that leave the folder of pages at what the site has of them."""
    del config, files
    base = (ROOT / "docs" / page.file.src_uri).parent

    def replaced(link: re.Match[str]) -> str:
        text, target, anchor = link[1], link[2], link[3] or ""
        if ":" in target or target.startswith("/"):
            return link[0]
        if not target:
            moved = SHOWN.get(f"README.md{anchor}") if page.file.src_uri == "index.md" else None
            return f"{text}{moved})" if moved else link[0]
        path = Path(os.path.normpath(base / target))
        if path.is_relative_to(ROOT / "docs"):
            return link[0]
        name = path.relative_to(ROOT).as_posix()
        if path.is_dir():
            return f"`{name}`"
        shown = SHOWN.get(name, copy_of(name) + (".md" if is_page(name) else ""))
        return f"{text}{os.path.relpath(shown, Path(page.file.src_uri).parent)}{anchor})"

    return outside_code(markdown, replaced)


def outside_code(markdown: str, replaced: Any) -> str:
    """Return a page with its links replaced, but for those in blocks of code."""
    parts, end = [], 0
    for block in FENCE.finditer(markdown):
        parts += [LINK.sub(replaced, markdown[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*parts, LINK.sub(replaced, markdown[end:])])


def linked_files() -> list[str]:
    """Return the files of the repository, outside of docs/, that pages link to.

    Raises:
        PluginError: one of them does not exist.
    """
    linked = set()
    for source in [*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")]:
        for link in LINK.finditer(FENCE.sub("", source.read_text())):
            target = link[2]
            path = Path(os.path.normpath(source.parent / target))
            if not target or ":" in target or path.is_relative_to(ROOT / "docs"):
                continue
            if not path.exists():
                raise PluginError(f"{source.relative_to(ROOT)} links to {target}, which is no file")
            if path.is_file():
                linked.add(path.relative_to(ROOT).as_posix())
    return sorted(linked - SHOWN.keys())


def copy_of(path: str) -> str:
    """Return where the site keeps a file of the repository."""
    return f"files/{path}"


def is_page(path: str) -> bool:
    """Tell whether a linked file is text that fits on a page."""
    file = ROOT / path
    return file.suffix in {*LANGUAGES, ".tsv", ""} and file.stat().st_size <= LARGEST


def code_page(path: str) -> str:
    """Return a page that shows a text file."""
    language = LANGUAGES.get(Path(path).suffix, "text")
    text = (ROOT / path).read_text()
    return f"---\nsearch: {{exclude: true}}\n---\n\n# {path}\n\n````{language}\n{text}````\n"


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n".join("| " + " | ".join(line) + " |" for line in cells) + "\n"


def config_page() -> str:
    """Return a section for each key of the config: its own keys, types, values, meanings."""
    schema = json_schema()
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    parts = [(ROOT / "docs/_config.md").read_text()]
    rounds = {"config/selection/*.yaml": {"$ref": "#/$defs/Round"}}
    for name, node in (schema["properties"] | rounds).items():
        keys = list(keys_of(node, schema, name))
        parts.append(f"## {name}\n\n{sentence(described(node, schema)['description'])}\n")
        if not keys:
            shown = [type_text(node, schema), value_text(values.get(name))]
            parts.append(table(["type", "value"], [shown]))
            continue
        rows = [
            [f"`{path}`", type_text(inner, schema), value_text(look_up(values, path)),
             sentence(inner["description"])]
            for path, inner in keys
        ]  # fmt: skip
        parts.append(table(["key", "type", "value", "meaning"], rows))
    return "\n".join([*parts, sheets_text()])


def described(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a node of the schema with what it refers to; its own words come first.

    Of a key that may be left out only what it holds otherwise is told.
    """
    choices = [choice for choice in node.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        node = choices[0] | {key: value for key, value in node.items() if key != "anyOf"}
    if "$ref" not in node:
        return node
    referred = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return referred | {key: value for key, value in node.items() if key != "$ref"}


def keys_of(
    node: dict[str, Any], schema: dict[str, Any], path: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and the node of every key below a key.

    ``NAME`` stands for an entry that the user names, ``[]`` for the members of a list.
    """
    whole = described(node, schema)
    for name, inner in whole.get("properties", {}).items():
        below = f"{path}.{name}"
        yield below, described(inner, schema)
        yield from keys_of(inner, schema, below)
    for name in whole.get("propertyNames", {}).get("enum", ()):
        yield (
            f"{path}.{name}",
            whole["additionalProperties"] | {"description": whole["description"]},
        )
    named = [*whole.get("patternProperties", {}).values(), whole.get("additionalProperties")]
    for inner in (one for one in named if isinstance(one, dict)):
        yield from keys_of(inner, schema, f"{path}.NAME")
    if isinstance(whole.get("items"), dict):
        yield from keys_of(whole["items"], schema, f"{path}[]")


def look_up(values: Any, path: str) -> Any:
    """Return the config's value of a path; None where the path has names or lists in it."""
    for key in path.split("."):
        if not isinstance(values, dict) or key not in values:
            return None
        values = values[key]
    return values


def value_text(value: Any) -> str:
    """Return a value of the config as it is written there; nothing where it is long."""
    text = json.dumps(value, ensure_ascii=False) if value is not None else ""
    return f"`{text}`" if 0 < len(text) <= 40 else ""


def type_text(node: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return what a key may hold."""
    whole = described(node, schema)
    if "anyOf" in whole:
        return " or ".join(type_text(choice, schema) for choice in whole["anyOf"])
    if "const" in whole or "enum" in whole:
        return ", ".join(f"`{value}`" for value in whole.get("enum", [whole.get("const")]))
    if "prefixItems" in whole:
        return "[" + ", ".join(type_text(part, schema) for part in whole["prefixItems"]) + "]"
    if whole.get("type") == "array":
        return f"list of {type_text(whole['items'], schema)}"
    if whole.get("type") == "object":
        return "keys" if "properties" in whole else "entries by name"
    bounds = {
        "minimum": "≥ {}",
        "exclusiveMinimum": "> {}",
        "maximum": "≤ {}",
        "exclusiveMaximum": "< {}",
    }
    limits = [text.format(whole[bound]) for bound, text in bounds.items() if bound in whole]
    return " ".join([whole.get("type", "any"), *limits])


def sentence(text: str) -> str:
    """Return a description with a capital, and a full stop."""
    text = text.strip().removesuffix(".")
    return f"{text[0].upper()}{text[1:]}."


def tables_page() -> str:
    """Return a section for each table of results: what it is, and its columns."""
    parts = [(ROOT / "docs/_tables.md").read_text()]
    for name, (meaning, values) in PLACEHOLDERS.items():
        parts.append(f"- `{name}`: {meaning}: {', '.join(f'`{value}`' for value in values)}.")
    parts.append("")
    for name in RESULTS.names():
        module = RESULTS.module(name)
        if not hasattr(module, "table"):
            continue
        parts.append(f"## {name}.csv\n\n{str(module.__doc__).splitlines()[0]}\n")
        parts.append(columns_text(module.COLUMNS))
    return "\n".join(parts)


def sheets_text() -> str:
    """Return a section for each sheet of the config."""
    known = yaml.safe_load((SCHEMAS / "sheets.yaml").read_text())
    parts = [
        f"## {name}\n\n{sheet['description']}\n\n{columns_text(sheet['columns'])}"
        for name, sheet in known.items()
    ]
    return "\n".join(parts)


def columns_text(columns: dict[str, str]) -> str:
    """Return a table of columns and their meanings."""
    rows = [[f"`{name}`", sentence(meaning)] for name, meaning in columns.items()]
    return table(["column", "meaning"], rows)


def data_page() -> str:
    """Return where every fetched file is from, and under what terms."""
    rows = [
        [
            f"`{row.name}`",
            human_size(row.bytes).replace(" ", "\u00a0"),
            owner_of(row.url),
            row.licence,
        ]
        for row in read_resources(ROOT / "config/resources.tsv").values()
    ]
    text = (ROOT / "docs/_data.md").read_text()
    return text.replace("<!-- files -->", table(["file", "size", "from", "licence"], rows))


def owner_of(url: str) -> str:
    """Return whose file it is: the repository and commit, or the host."""
    repository = re.match(r"https://raw\.githubusercontent\.com/([^/]+/[^/]+)/([0-9a-f]{8})", url)
    if repository:
        return f"{repository[1]} at {repository[2]}"
    return url.split("/")[2] if "://" in url else "a mirror only"


def command_page() -> str:
    """Return the help of the command and of all its parts, as typer writes it."""
    command = [sys.executable, "-m", "typer", "tgnas.cli", "utils", "docs", "--name", "tgnas"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    text = re.sub(r"^(#+) `(.*)`$", r"\1 \2", done.stdout, flags=re.MULTILINE)
    return text.replace("# tgnas\n", (ROOT / "docs/_cli.md").read_text(), 1)
