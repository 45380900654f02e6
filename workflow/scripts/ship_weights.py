"""Put the last epochs of every seed into the package, in half precision, with a card of each."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.evaluation.ranking import kendall_tau, spearman_rho
from tgnas.files import sha256_of
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.trained import joined, load, save
from tgnas.workflow.provenance import environment
from tgnas.workflow.script import run


def main(
    *,
    epochs: list[Path],
    embeddings: Path,
    target: Path,
    weights: Path,
    card: Path,
    settings: dict,
    trained_on: dict,
    ranking: dict,
    title: str,
) -> None:
    """Write weights and card, then measure what was written and add it to the card."""
    vectors = OperatorEmbeddings.read(embeddings)
    trained = joined([load(path, vectors)[-1:] for path in epochs])
    halves = {
        name: entry.half() if entry.is_floating_point() else entry
        for name, entry in trained.states.items()
    }
    save(weights, replace(trained, states=halves, rows=()))
    facts = {
        "title": title,
        "sha256": sha256_of(weights),
        "licence": "MIT",
        "seeds": list(range(len(epochs))),
        "trained_on": trained_on,
        "epoch": "the last one",
        "precision": "float16",
        "settings": settings,
        "sentence_transformer": vectors.model,
        "made_by": environment(),
    }
    card.write_text(json.dumps(facts, indent=2) + "\n")
    if target.suffix == ".csv":
        facts["measured_on"] = _rows(pd.read_csv(target))
    else:
        facts["measured_on"] = _measured(target, weights, ranking)
    card.write_text(json.dumps(facts, indent=2) + "\n")


def _rows(table: pd.DataFrame) -> list[dict]:
    """Return the universal predictor's rows: each of one that has not learned the space."""
    ours = table[table.method == "universal"].drop(columns="method")
    return json.loads(ours.round(6).to_json(orient="records"))


def _measured(target: Path, weights: Path, ranking: dict) -> dict:
    """Return how what was written ranks a benchmark."""
    benchmark = open_benchmark(target)
    scores = load_pretrained(weights.stem, weights.parent).score(benchmark.architectures)
    measures = {}
    for dataset in ranking["datasets"]:
        true = benchmark.accuracy(dataset=dataset, split=ranking["split"], epochs=ranking["epochs"])
        measures[dataset] = {
            "kendall_tau": kendall_tau(scores, true),
            "spearman_rho": spearman_rho(scores, true),
        }
    about_target = {"benchmark": benchmark.name, "architectures": len(benchmark)}
    fidelity = {key: ranking[key] for key in ("split", "epochs")}
    return about_target | fidelity | {"measures": measures}


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
