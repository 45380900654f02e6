"""Draw a predictor's training, and for audit how its ranking of the target changed meanwhile."""

from pathlib import Path

import pandas as pd

from tgnas.results.figures import draw_training_curves
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(
    *,
    histories: list[Path],
    taus: Path,
    png: Path,
    pdf: Path,
    predictor: str,
    leaked_dataset: str,
) -> None:
    """Read the seeds in order, mark the epoch that each one's test labels would have chosen."""
    history = pd.concat([pd.read_csv(path).assign(seed=s) for s, path in enumerate(histories)])
    audit = pd.read_csv(taus)
    seen = audit[audit.dataset == leaked_dataset].set_index("epoch")
    leaked = seen.groupby("seed").kendall_tau.idxmax().rename("epoch").reset_index()
    save(draw_training_curves(history, audit, leaked, predictor), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
