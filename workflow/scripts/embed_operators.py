"""Embed the description of every operator with a sentence transformer."""

from pathlib import Path

from tgnas.encodings.sentence import embed_operators
from tgnas.workflow.script import run


def main(*, settings: dict, model: list[Path], embeddings: Path) -> None:
    """Write one file with operators, sentences, vectors, model id and weight hash."""
    folder = model[0].parent if model else None
    embed_operators(**settings, folder=folder).write(embeddings)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
