"""Put the trained network's test accuracy beside the benchmark's, with all that it depends on."""

import json
from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.workflow.script import run


def main(*, benchmark: Path, result: Path, table: Path, markdown: Path, ranking: dict) -> None:
    """Write one row as CSV and the same as a Markdown list of facts."""
    target = open_benchmark(benchmark)
    facts = json.loads(result.read_text())
    row = target.strings.index(facts["architecture"])
    accuracy = target.accuracy(dataset="cifar10", **ranking)[row]
    facts |= {"tabular_accuracy": accuracy, "tabular_epochs": ranking["epochs"]}
    frame = pd.DataFrame([facts])
    frame.to_csv(table, index=False)
    facts["architecture"] = "`" + facts["architecture"].replace("|", "\\|") + "`"
    facts |= {name: round(facts[name], 2) for name in ("seconds", "tabular_accuracy")}
    shown = pd.DataFrame(facts.items(), columns=["fact", "value"])
    markdown.write_text(shown.to_markdown(index=False, disable_numparse=True) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
