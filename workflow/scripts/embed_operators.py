"""Embed the description of every operator with a sentence transformer."""

from pathlib import Path

from tgnas.encodings.sentence import embed_operators
from tgnas.script import run


def main(*, model: str, length: str, embeddings: Path) -> None:
    """Write one file with operators, sentences, vectors, model id and weight hash."""
    embed_operators(model, length).write(embeddings)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
