"""What starting costs: modules that a command does not need are not imported."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

BEST = "|{0}~0|+|{0}~0|{0}~1|+|{0}~0|{0}~1|{0}~2|".format("nor_conv_3x3")
HEAVY = ("matplotlib", "pandas", "scipy", "sklearn", "snakemake", "transformers")
RUN = """
import sys
from tgnas.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def spent(*arguments: str) -> tuple[float, str]:
    """Return the processor time of a run of Python in seconds, and what it wrote to stderr."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, done.stderr


@pytest.fixture
def one(tmp_path: Path) -> str:
    path = tmp_path / "one.csv"
    path.write_text(f"architecture\n{BEST}\n")
    return str(path)


def test_help_takes_three_tenths_of_a_second_and_no_numbers():
    seconds, modules = spent("-c", RUN, "--help")
    assert not {"numpy", "torch", *HEAVY} & set(modules.split())
    assert seconds < 0.3


def test_scoring_a_known_architecture_costs_little_more_than_importing_torch(one):
    torch, _ = spent("-c", "import torch")
    seconds, modules = spent("-c", RUN, "score", "--space", "nasbench201", "--architectures", one)
    assert not set(HEAVY) & set(modules.split())
    assert seconds < 1.8 * torch


@pytest.mark.parametrize("command", ["score", "rank", "evaluate"])
@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        ("architecture\n|nonsense|\n", {}, "row 1, column 'architecture': nasbench201"),
        ("string\n|a|\n", {}, "no column 'architecture'"),
        (f"architecture\n{BEST}\n", {"--input-format": "parquet"}, "Parquet"),
        (None, {}, "No such file"),
    ],
    ids=["row", "column", "format", "missing"],
)
def test_a_faulty_file_is_told_before_torch_is_imported(tmp_path, command, rows, more, said):
    path = tmp_path / "mine.csv"
    if rows is not None:
        path.write_text(rows)
    given = {"--space": "nasbench201", "--architectures": str(path), **more}
    given |= {"--accuracy-column": "accuracy"} if command == "evaluate" else {}
    if command == "evaluate" and rows is not None:
        path.write_text("".join(f"{row},{own}\n" for row, own in zip(
            rows.splitlines(), ("accuracy", "90"), strict=True)))  # fmt: skip
    options = [text for pair in given.items() for text in pair]
    done = subprocess.run(
        [sys.executable, "-c", RUN, command, *options], capture_output=True, text=True, check=False
    )
    message, _, modules = done.stderr.rpartition("\n")[0].rpartition("\n")
    assert said in message
    assert "torch" not in modules.split()


def test_a_table_of_pandas_is_made_after_pandas_was_left_out_of_arrow():
    code = """
from tgnas.cli.common import load
load("canonical")
import pandas, pyarrow
assert pyarrow.table({"a": [1]}).to_pandas().equals(pandas.DataFrame({"a": [1]}))
assert pyarrow.array(pandas.Series([1.0, None])).null_count == 1
"""
    spent("-c", code)


def test_what_jobs_of_the_workflow_import_needs_no_statistics_of_scipy():
    code = """
import sys
import tgnas.methods.predictors.tgnas, tgnas.searching.runs, tgnas.evaluation.ranking
print(*sys.modules, file=sys.stderr)
"""
    assert "scipy.stats" not in spent("-c", code)[1].split()


def test_results_are_planned_without_torch_and_the_statistics_of_scipy():
    code = """
import sys
from tgnas.registry import RESULTS
print(len([RESULTS.module(name) for name in RESULTS.names()]), *sys.modules, file=sys.stderr)
"""
    count, *modules = spent("-c", code)[1].split()
    assert int(count) > 40
    assert not {"torch", "scipy.stats", "sklearn", "onnx", "networkx"} & set(modules)
