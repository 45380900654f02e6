"""Put short trainings beside the benchmark's accuracies and say whether the ranks agree."""

import json
from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.short_trainings import agreement, common
from tgnas.workflow.script import run

FACTS = (
    "epochs",
    "train_images",
    "test_images",
    "batch",
    "recipe",
    "label",
    "image_source",
    "seed",
)
SHOWN = ("quantile", "architecture", "parameters", "test_accuracy", "tabular_accuracy", "seconds")


def main(
    *,
    benchmark: Path,
    best: list[Path],
    results: list[Path],
    table: Path,
    markdown: Path,
    ranking: dict,
    change: dict,
) -> None:
    """Write one row for each architecture; the Markdown says first what all have in common."""
    target = open_benchmark(benchmark)
    known = dict(zip(target.strings, target.accuracy(dataset="cifar10", **ranking), strict=True))
    rows = [
        json.loads(chosen.read_text()) | json.loads(result.read_text())
        for chosen, result in zip(best, results, strict=True)
    ]
    for row in rows:
        row["tabular_accuracy"] = float(known[row["architecture"]])
        row["tabular_epochs"] = ranking["epochs"]
    frame = pd.DataFrame(rows)
    facts = common(rows, FACTS) | {"changed": json.dumps(change)} | agreement(frame)
    frame.assign(**agreement(frame)).to_csv(table, index=False)
    shown = frame[list(SHOWN)].round(2)
    shown["architecture"] = [f"`{text}`".replace("|", "\\|") for text in shown.architecture]
    facts = {key: round(v, 4) if isinstance(v, float) else v for key, v in facts.items()}
    listed = pd.DataFrame(facts.items(), columns=["fact", "value"])
    tables = [t.to_markdown(index=False, disable_numparse=True) for t in (listed, shown)]
    markdown.write_text("\n\n".join(tables) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
