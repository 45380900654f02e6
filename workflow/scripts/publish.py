"""Copy tables, figures and provenance to results/paper and put the tables into README."""

import shutil
from pathlib import Path

from tgnas.reporting.readme import with_tables
from tgnas.script import run


def main(*, tables: list[Path], figures: list[Path], provenance: Path, readme: Path) -> None:
    """Copy every file to results/paper and rewrite README between its marks."""
    paper = Path("results/paper")
    paper.mkdir(parents=True, exist_ok=True)
    for path in (*tables, *figures, provenance):
        shutil.copyfile(path, paper / path.name)
    text = with_tables(readme.read_text(), {path.stem: path.read_text() for path in tables})
    readme.write_text(text)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
