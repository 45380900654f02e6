"""Put every number that was reported beside the one that this run reproduced."""

from pathlib import Path

import pandas as pd

from tgnas.results.tables import claims_markdown, read_reported, summarise_claims
from tgnas.workflow.script import run


def main(*, ranking: Path, search: Path, reported: Path, table: Path, markdown: Path) -> None:
    """Write reported, reproduced, difference, n and seeds of every claim."""
    claims = summarise_claims(pd.read_csv(ranking), pd.read_csv(search), read_reported(reported))
    claims.to_csv(table, index=False)
    markdown.write_text(claims_markdown(claims))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
