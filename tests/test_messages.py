"""Messages count in words that are right for one, too."""

import pytest
from test_cli import tgnas

from tgnas.errors import DataError, InvalidCellError, are, number_of
from tgnas.inference.api import train
from tgnas.spaces.space import open_space


@pytest.mark.parametrize(
    ("one", "some"),
    [
        ("architecture", "2,000 architectures"),
        ("accuracy", "2,000 accuracies"),
        ("key", "2,000 keys"),
        ("class", "2,000 classes"),
        ("vertex", "2,000 vertices"),
        ("search", "2,000 searches"),
        ("epoch", "2,000 epochs"),
        ("labelled architecture", "2,000 labelled architectures"),
    ],
)
def test_one_is_singular_and_others_are_plural(one, some):
    assert [number_of(count, one) for count in (1, 2000)] == [f"1 {one}", some]
    assert number_of(0, one) == some.replace("2,000", "0")
    assert [are(count) for count in (0, 1, 2)] == ["are", "is", "are"]


def test_commands_count_one_row_as_one(tmp_path):
    space, best = (
        "nasbench201",
        open_space("nasbench201").format(open_space("nasbench201").architectures([0]))[0],
    )
    known, faulty = tmp_path / "one.csv", tmp_path / "faulty.csv"
    known.write_text(f"architecture,accuracy\n{best},90\n")
    faulty.write_text(f"architecture,accuracy\n{best},90\nnonsense,1\n")
    given = ("--space", space, "--predictor", "params", "--architectures")
    assert "scored 1 architecture in" in tgnas("score", *given, known).stderr
    done = tgnas("score", *given, faulty, "--on-error", "skip")
    assert "skipped 1 row;" in done.stderr
    done = tgnas("evaluate", *given, known, "--accuracy-column", "accuracy")
    assert "1 labelled architecture; from fewer than 10" in done.stderr
    done = tgnas("train", "--space", space, "--benchmark", known, "--output",
                 tmp_path / "m.safetensors")  # fmt: skip
    assert "nothing is learned from 1 labelled architecture" in done.stderr


def test_spaces_count_one_as_one():
    with pytest.raises(InvalidCellError, match=r"1 operator; an architecture has"):
        open_space("nasbench_graph").architectures([{"operators": ["gcn"], "inputs": [0]}])
    with pytest.raises(DataError, match=r"1 accuracy of 2 architectures"):
        train([0, 1], [1.0], "nasbench201")
