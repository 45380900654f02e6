"""What a text that a space cannot read looks like, so that its message can name it."""

import re

_LOOKS = (
    (r"\|[^|~]+~\d+\|.*", "a cell of NAS-Bench-201 (--space nasbench201)"),
    (r".*\bGenotype\s*\(.*recurrent.*", "a recurrent cell of DARTS, which no space here has"),
    (r".*\bGenotype\s*\(.*", "a genotype of DARTS (--space darts)"),
    (r"input,.*output;.*", "a cell of NAS-Bench-101 (--space nasbench101)"),
    (
        r"[0-9a-f]{32}",
        "a hash of NAS-Bench-101, which says no cell: give its matrix and operators",
    ),
    (r"\d+(:\d+)+", "channels of NATS-Bench's size space, which is not built in"),
    (r"[-+]?[\d.]+[eE][-+]?\d+", "a number that a spreadsheet has shortened; write all its digits"),
    (r"\d+-\d+-\d_\d\d_\d\d\d", "a cell of TransNAS-Bench-101 (--space transnas_micro)"),
    (r"\d+-[1-4]+-basic", "a macro string of TransNAS-Bench-101 (--space transnas_macro)"),
)


def hint(text: str, space: str) -> str:
    """Return what a text looks like, as the end of a message; empty where it is not of another."""
    matches = [what for pattern, what in _LOOKS if re.fullmatch(pattern, text, re.DOTALL)]
    looks = [what for what in matches if f"--space {space})" not in what]
    return f"; this looks like {looks[0]}" if looks else ""
