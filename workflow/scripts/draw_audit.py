"""Draw what each habit of the published protocol adds to the honest number."""

from pathlib import Path

import pandas as pd

from tgnas.results.audit import draw_audit
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(*, table: Path, png: Path, pdf: Path) -> None:
    """Draw the table of the audit."""
    save(draw_audit(pd.read_csv(table)), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
