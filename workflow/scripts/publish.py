"""Copy tables, figures and provenance to results/paper and put the tables into README and docs."""

import shutil
from pathlib import Path

from tgnas.results._readme import with_tables
from tgnas.workflow.script import run


def main(
    *, tables: list[Path], figures: list[Path], provenance: list[Path], pages: list[Path]
) -> None:
    """Copy every file to results/paper and rewrite the pages between their marks.

    A table that is not among the files stays as it was published.
    """
    paper = Path("results/paper")
    paper.mkdir(parents=True, exist_ok=True)
    for path in (*tables, *figures, *provenance):
        shutil.copyfile(path, paper / path.name)
    texts = {path.stem: path.read_text() for path in paper.glob("*.md")}
    for page in pages:
        page.write_text(with_tables(page.read_text(), texts))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
