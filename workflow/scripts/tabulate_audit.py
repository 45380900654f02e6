"""Put what each habit of the published protocol adds beside the honest number."""

from pathlib import Path

import pandas as pd

from tgnas.evaluation.audit import audit_protocol
from tgnas.results.audit import audit_markdown
from tgnas.workflow.script import run


def main(*, epochs: Path, dump: Path, table: Path, markdown: Path) -> None:
    """Write the habits of every data set and measure as CSV, the same as Markdown."""
    audit = audit_protocol(pd.read_csv(epochs), pd.read_csv(dump))
    audit.to_csv(table, index=False)
    markdown.write_text(audit_markdown(audit))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
