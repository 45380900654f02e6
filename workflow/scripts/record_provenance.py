"""Write down what made the results: code, versions, machine, files and their licences, seconds."""

import json
from dataclasses import asdict
from pathlib import Path

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.resources.fetch import read_resources
from tgnas.workflow.provenance import environment, seconds_of_rules
from tgnas.workflow.script import run


def main(
    *,
    tables: list[Path],
    embeddings: Path,
    resources: Path,
    provenance: Path,
    config: dict,
    seconds: Path,
) -> None:
    """Write one JSON file; it is made after the tables, so it speaks of the run that made them."""
    vectors = OperatorEmbeddings.read(embeddings)
    facts = {
        "environment": environment(),
        "embedding": {
            "model": vectors.model,
            "weights_sha256": vectors.weights_sha256,
            "components": vectors.components,
        },
        "fetched": [asdict(resource) for resource in read_resources(resources).values()],
        "seconds": seconds_of_rules(seconds),
        "tables": [table.name for table in tables],
        "config": config,
    }
    provenance.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
