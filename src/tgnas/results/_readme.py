"""README's tables: what the workflow rendered, between marks, never typed."""

import re
from collections.abc import Mapping

from tgnas.errors import ConfigError


def with_tables(readme: str, tables: Mapping[str, str]) -> str:
    """Return README with every marked block replaced by the table of that name.

    A block stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``.

    Raises:
        ConfigError: README has no block, or a block of an unknown name.
    """
    names = re.findall(r"<!-- begin (\w+) -->", readme)
    if not names:
        raise ConfigError("README.md has no block '<!-- begin NAME -->' for a table")
    for name in names:
        if name not in tables:
            raise ConfigError(
                f"README.md: no table {name!r}; there are {', '.join(sorted(tables))}"
            )
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        before, _, rest = readme.partition(begin)
        after = rest.partition(end)[2]
        readme = f"{before}{begin}\n\n{tables[name].strip()}\n\n{end}{after}"
    return readme
