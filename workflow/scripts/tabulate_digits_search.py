"""Put the found and trained architecture among those of digits-bench."""

import json
from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.results.digits import place_among, search_markdown
from tgnas.workflow.script import run


def main(*, benchmark: Path, result: Path, table: Path, markdown: Path, ranking: dict) -> None:
    """Write one row as CSV and the same as a Markdown list of facts."""
    facts = place_among(json.loads(result.read_text()), open_benchmark(benchmark), ranking)
    pd.DataFrame([facts]).to_csv(table, index=False)
    markdown.write_text(search_markdown(facts))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
