"""Captions of results: which rule makes a result, and its caption as HTML."""

import re
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from docutils.core import publish_parts
from markupsafe import Markup

from tgnas.errors import ConfigError

# A caption is text: it reads no file and holds no HTML of its own; what is wrong in it is an error.
SETTINGS = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 2,
    "halt_level": 2,
    "traceback": True,
}


def captioned_results(
    rules: Iterable[Any], files: Iterable[str], root: Path
) -> dict[str, dict[str, Any]]:
    """Return for each file what the rule that makes it says of it.

    Keys of each: caption (a file, relative to `root`), wildcards, params (those that the caption
    quotes).

    Args:
        rules: Snakemake's rules; outputs that they flag with ``report`` have a caption.
        files: the results, in the order of the answer.
        root: the folder of the Snakefile.

    Raises:
        ConfigError: a file that no rule makes, or whose rule gives it no caption.
    """
    flagged = [
        (rule, output) for rule in rules for output in rule.output if "report" in output.flags
    ]
    found = {}
    for file in files:
        matches = [(r, o, o.match(file)) for r, o in flagged]
        made = next(((r, o, m) for r, o, m in matches if m is not None), None)
        if made is None:
            raise ConfigError(f"no rule makes {file!r} with a caption (report(...) at its output)")
        rule, output, match = made
        caption = Path(output.flags["report"].caption.get_path_or_uri(secret_free=True))
        quoted = set(re.findall(r"snakemake\.params\['(\w+)'\]", caption.read_text()))
        found[file] = {
            "caption": str(caption.resolve().relative_to(root.resolve())),
            "wildcards": match.groupdict(),
            "params": {k: v for k, v in rule.params.items() if k in quoted},
        }
    return found


def render_caption(
    path: Path, config: dict[str, Any], wildcards: dict[str, str], params: dict[str, Any]
) -> Markup:
    """Return a caption as HTML: a Jinja template, as for ``snakemake --report``, of RST.

    Raises:
        ConfigError: the caption quotes a value that there is not.
    """
    job = SimpleNamespace(config=config, wildcards=SimpleNamespace(**wildcards), params=params)
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    try:
        text = environment.from_string(path.read_text()).render(snakemake=job)
    except jinja2.UndefinedError as error:
        raise ConfigError(
            f"{path}: the caption quotes what there is not: {error.message}"
        ) from error
    body = publish_parts(text, writer="html5", settings_overrides=SETTINGS)["body"]
    return Markup(body)
