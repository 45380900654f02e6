"""Put the last epochs of every seed into the package, in half precision, with a card of each."""

import json
from pathlib import Path

import torch
from safetensors import safe_open

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.evaluation.ranking import kendall_tau, spearman_rho
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.predictors import tgnas
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
    states: dict[str, list[torch.Tensor]] = {}
    for path in epochs:
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["predictor"])
            for name in file.keys():  # noqa: SIM118
                entry = file.get_tensor(name)[-1]
                entry = entry.half() if entry.is_floating_point() else entry
                states.setdefault(name, []).append(entry)
    chosen = tgnas.Settings.from_config(settings)
    stacked = {name: torch.stack(entries) for name, entries in states.items()}
    tgnas.save(weights, stacked, chosen, about["training_operators"])
    weights.chmod(0o644)  # the format's writer lets nobody else read
    facts = {
        "title": title,
        "licence": "MIT",
        "seeds": list(range(len(epochs))),
        "trained_on": trained_on,
        "epoch": "the last one",
        "precision": "float16",
        "settings": settings,
        "sentence_transformer": OperatorEmbeddings.read(embeddings).model,
        "made_by": environment(),
    }
    card.write_text(json.dumps(facts, indent=2) + "\n")
    benchmark = open_benchmark(target)
    ensemble = load_pretrained(weights.stem, weights.parent)
    scores = ensemble.scores(benchmark.architectures).mean(axis=0)
    measures = {}
    for dataset in ranking["datasets"]:
        true = benchmark.accuracy(dataset=dataset, split=ranking["split"], epochs=ranking["epochs"])
        measures[dataset] = {
            "kendall_tau": kendall_tau(scores, true),
            "spearman_rho": spearman_rho(scores, true),
        }
    about_target = {"benchmark": benchmark.name, "architectures": len(benchmark)}
    fidelity = {key: ranking[key] for key in ("split", "epochs")}
    facts["measured_on"] = about_target | fidelity | {"measures": measures}
    card.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
