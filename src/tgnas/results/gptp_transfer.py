"""What a general predictor says of NAS-Bench-201 after NAS-Bench-101's labels alone."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown
from tgnas.results.few_labels import mean_and_interval

TITLE = "GPTP from NAS-Bench-101 to NAS-Bench-201"
SECTION = "A few labels of the target"
PAGE = "few_labels"
MADE_BY = "others"
PLACE = 1
CAPTION = """
A reconstruction of GPTP: a graph network learns {source_labels} labels of NAS-Bench-101 and ranks
NAS-Bench-201 (CIFAR-10, test accuracies of {tested} architectures), without a label of it, and
after {labels} of its validation accuracies. Mean ± standard deviation over {seeds:draw} of labels.
Pre-trained: {pretraining} steps of contrastive learning on unlabelled graphs of five spaces before
the first label. Gained: the paired difference to the encoder without it, [95% interval of the mean
over seeds, t distribution].
"""
COLUMNS = {
    "encoder": "pre-trained or not",
    "labels": "labels of NAS-Bench-201",
    "seeds": "draws of labels",
    "rho": "Spearman's rho, mean over seeds",
    "rho std": "its standard deviation",
    "tau": "Kendall's tau, mean over seeds",
    "tau std": "its standard deviation",
    "gained": "mean over seeds of rho less that without pre-training",
    "low": "lower end of its 95% interval",
    "high": "upper end",
}
DRAWN = "not-pre-trained"


def params(plan: Plan) -> dict[str, Any]:
    """Return the sizes of the study."""
    return plan.config.study("gptp_transfer").model_dump(mode="json")


def inputs(plan: Plan) -> dict[str, Any]:
    """Return what both encoders reached."""
    return {"parts": plan.config.study_files("gptp_transfer")}


def table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return a row for each encoder and number of labels."""
    known = pd.concat(parts).set_index(["labels", "seed"])
    base = known[known.encoder == DRAWN].spearman_rho
    rows = []
    for (encoder, labels), part in known.groupby(["encoder", "labels"], sort=False):
        gained = mean_and_interval(part.spearman_rho - base.loc[[labels]])
        own = encoder == DRAWN
        rows.append(
            {
                "encoder": encoder,
                "labels": labels,
                "seeds": len(part),
                "rho": part.spearman_rho.mean(),
                "rho std": part.spearman_rho.std(),
                "tau": part.kendall_tau.mean(),
                "tau std": part.kendall_tau.std(),
                "gained": float("nan") if own else gained[0],
                "low": float("nan") if own else gained[1],
                "high": float("nan") if own else gained[2],
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the encoders by numbers of labels."""
    rows: list[dict[str, Entry]] = []
    for row in frame.to_dict("records"):
        line: dict[str, Entry] = {
            "encoder": str(row["encoder"]),
            "labels of NB201": str(int(row["labels"])),
            "Spearman's rho": Number(row["rho"], ".3f", row["rho std"]),
            "Kendall's tau": Number(row["tau"], ".3f", row["tau std"]),
        }
        if pd.notna(row["gained"]):
            ends = (row["low"], row["high"])
            line["gained (rho)"] = Number(row["gained"], "+.3f", interval=ends)
        rows.append(line)
    return [Shown(rows, better={"Spearman's rho": 1, "Kendall's tau": 1})]
