"""Options that several commands have."""

from enum import StrEnum
from typing import Annotated

import typer

STANDARD = "-"  # standard input or output
DEFAULT = "universal"  # the predictor
LEARNER = "canonical"  # whose settings learn from labels of one's own


class OnError(StrEnum):
    """What becomes of a row that is not an architecture of the space."""

    FAIL = "fail"
    SKIP = "skip"


Space = Annotated[
    str, typer.Option("--space", help="A built-in space (tgnas spaces) or a space file (.yaml).")
]
Architectures = Annotated[
    str,
    typer.Option(
        "--architectures",
        help="CSV, TSV, JSON Lines (also .gz, .zst) or Parquet with a column 'architecture'; - is "
        "standard input.",
    ),
]
Output = Annotated[
    str,
    typer.Option("--output", help="A file, its name says the format; - is standard output."),
]
Predictor = Annotated[
    str,
    typer.Option(
        "--predictor", help="One of tgnas methods, a weights file, or several joined by +."
    ),
]
Constraints = Annotated[
    list[str] | None,
    typer.Option(
        "--constraint",
        help="COST<=NUMBER or COST>=NUMBER; COST is params, flops (millions), a column of "
        "--costs or, for nasbench201, what HW-NAS-Bench measured, such as latency:edgegpu (fetched "
        "once). Repeatable.",
    ),
]
Costs = Annotated[
    list[str] | None,
    typer.Option(
        "--costs",
        help="A table of costs: a column 'architecture', or 'operator' for costs that add, beside "
        "a column for each cost. Repeatable.",
    ),
]
Threads = Annotated[int, typer.Option("--threads", min=1, max=1024, help="How many score at once.")]
Trained = Annotated[int, typer.Option("--threads", min=1, max=1024, help="How many train at once.")]
Classes = Annotated[int, typer.Option("--classes", min=1, help="Number of logits.")]
Sizes = Annotated[
    list[str] | None,
    typer.Option("--set", help="channels=NUMBER, repeats=NUMBER, ...; as in the benchmark."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="Random seed.")]
Faulty = Annotated[
    OnError, typer.Option("--on-error", help="Whether a faulty row ends the run or is counted.")
]
InputFormat = Annotated[
    str | None, typer.Option("--input-format", help="csv, tsv, jsonl, parquet; else by the name.")
]
OutputFormat = Annotated[
    str | None,
    typer.Option("--output-format", help="csv, tsv, jsonl, parquet; else by the name."),
]
ACCURACY = "accuracy"  # the column
AccuracyColumnIfAny = Annotated[
    str | None,
    typer.Option(
        "--accuracy-column",
        help=f"The column of measured accuracies ({ACCURACY}); higher is better.",
        show_default=False,
    ),
]
AccuracyColumn = Annotated[
    str,
    typer.Option("--accuracy-column", help="The column of measured accuracies; higher is better."),
]
Shard = Annotated[
    str, typer.Option("--shard", help="K/N: read only the K-th of N parts of the rows.")
]
