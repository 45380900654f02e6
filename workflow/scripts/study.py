"""Run one part of a study: what a system measures beyond scores of cells."""

from pathlib import Path

import torch

from tgnas.methods.settings import read_settings
from tgnas.registry import STUDIES
from tgnas.resources.seals import write_parquet
from tgnas.workflow.script import run


def main(*, study: str, part: str, settings: dict, files: dict, rows: Path, threads: int) -> None:
    """Write the rows that it measured; what an interrupted run goes on from lies beside them."""
    torch.set_num_threads(threads)
    module = STUDIES.module(study)
    inputs = {k: Path(v) if isinstance(v, str) else list(map(Path, v)) for k, v in files.items()}
    folder = rows.with_suffix("")
    own = read_settings(module.Settings, settings, f"studies.{study}")
    write_parquet(rows, module.run(part, own, inputs, folder))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
