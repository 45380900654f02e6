"""Own labels are learned by what cross-validation finds best; few are said to be few."""

import numpy as np
import pytest
from test_cli import tgnas

from tgnas.benchmarks import digits201
from tgnas.benchmarks.base import open_benchmark, write_table
from tgnas.errors import ConfigError, DataError, UnknownNameError
from tgnas.evaluation.ranking import kendall_tau
from tgnas.inference import own_labels
from tgnas.inference.known import measured_front
from tgnas.inference.pretrained import load_pretrained
from tgnas.inference.training import train_on
from tgnas.methods.trained import load, save
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import open_space
from tgnas.training.splits import TrainingSet

SPACE = open_space("nasbench201")
START = load_pretrained("canonical")
SOME = SPACE.sample(8, np.random.default_rng(0))


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    file = tmp_path_factory.mktemp("digits") / "digits201.arrow"
    write_table(digits201.build([]), file)
    benchmark = open_benchmark(file)
    cells = Architectures(benchmark.architectures.cells, skeleton=SPACE.skeleton)
    return cells, benchmark.accuracy(dataset="digits", split="test", epochs=6)


def labelled(digits, count):
    rows = np.random.default_rng(1).permutation(len(digits[1]))[:count]
    return TrainingSet(digits[0][rows], digits[1][rows], "nasbench201")


def test_the_best_of_three_is_told_with_its_expected_error(digits):
    known = labelled(digits, 60)
    found = own_labels.compare(known, SPACE, START.weights)
    assert {one.method for one in found} == set(own_labels.CANDIDATES)
    assert found[0].kendall_tau == max(one.kendall_tau for one in found) > 0.2
    assert found[0].error < found[0].guess
    assert not found[0].warning


def test_under_twenty_labels_it_says_what_they_are_worth(digits):
    said: list[str] = []
    trained = train_on(labelled(digits, 10), SPACE, START, 2, "few.csv", tell=said.append)
    # 2 sqrt(2 (2 10 + 5) / (9 10 9)): two standard errors of tau without a relation.
    assert any("10 labels: a held-out tau is known to ± 0.50 alone" in line for line in said)
    assert trained.card["settings"]["method"] in own_labels.CANDIDATES


def test_labels_of_one_architecture_are_averaged_and_never_held_out_from_each_other(digits):
    once = labelled(digits, 10)
    rows = np.repeat(np.arange(10), 3)
    thrice = TrainingSet(once.architectures[rows], once.labels[rows] + np.tile([-1, 0, 1], 10))
    said: list[str] = []
    told = [
        train_on(known, SPACE, START, 1, "", method="gaussian_process", tell=said.append).card
        for known in (once, thrice)
    ]
    assert said.count("30 labels of 10 labelled architectures: of one's several, the mean") == 1
    found, again = (card["settings"]["validation"][0] for card in told)
    assert again == {**found, **{name: pytest.approx(found[name]) for name in ("error", "guess")}}
    with pytest.raises(DataError, match=r"a.csv: nothing is learned from 1 labelled architecture;"):
        train_on(thrice[:3], SPACE, START, 1, "a.csv")


def test_a_row_without_an_accuracy_is_left_out_of_a_training_and_counted(tmp_path):
    file, texts = tmp_path / "few.csv", SPACE.format(SOME)
    rows = [f"{text},{row if row < 5 else ''}\n" for row, text in enumerate(texts)]
    file.write_text("".join(["architecture,accuracy\n", *rows]))
    options = (
        "--space",
        "nasbench201",
        "--benchmark",
        file,
        "--output",
        tmp_path / "a.safetensors",
    )
    done = tgnas("train", *options, "--method", "gradient_boosting", "--seeds", 1)
    assert done.exit_code == 0, done.stderr
    assert done.stderr.startswith("tgnas: 3 rows without an accuracy are left out\n")
    assert "5 parts of 5 labels" in done.stderr


def test_a_front_has_the_mean_of_an_architectures_accuracies():
    twice = TrainingSet(SOME[[0, 0, 1]], np.array([90.0, 92.0, 80.0]), "nasbench201")
    whole, members = measured_front(twice, SPACE, "params")
    assert whole["accuracy"].to_pylist() == [91, 80]
    assert 91 in members["accuracy"].to_pylist()


def test_a_start_that_has_learned_labels_of_the_space_is_told(digits):
    said: list[str] = []
    universal = load_pretrained("universal")
    for start in (START, universal):
        train_on(
            labelled(digits, 6), SPACE, start, 1, "", method="gradient_boosting", tell=said.append
        )
    lines = [line for line in said if "before" in line]
    assert len(lines) == 1
    assert lines[0].startswith("universal has learned labels of nasbench201 before")


def test_what_was_learned_is_saved_with_what_it_started_from(digits, tmp_path):
    known = labelled(digits, 80)
    trained = train_on(known, SPACE, START, 1, "few.csv", method="gaussian_process")
    save(tmp_path / "few.safetensors", trained)
    again = load(tmp_path / "few.safetensors", trained.embeddings).ensemble()
    scores = again.scores(digits[0])[0]
    assert kendall_tau(scores, digits[1]) > 0.35
    assert trained.card["settings"]["validation"][0]["labels"] == 80


def test_epochs_train_a_network(digits):
    trained = train_on(labelled(digits, 20), SPACE, START, 1, "few.csv", epochs=1)
    assert trained.method == "tgnas"
    with pytest.raises(ConfigError, match="gaussian_process is not trained in epochs"):
        own_labels.checked("gaussian_process", 3)


def test_seeds_of_what_draws_nothing_are_refused_or_told(digits, monkeypatch):
    known, said = labelled(digits, 20), list[str]()
    with pytest.raises(ConfigError, match=r"gaussian_process draws nothing.* has 1 seed, not 3"):
        train_on(known, SPACE, START, 3, "few.csv", method="gaussian_process")
    monkeypatch.setattr(own_labels, "CANDIDATES", {"gaussian_process": {"prior": 0.7}})
    for seeds, told in ((3, ", with 1 seed, for it draws nothing"), (1, ""), (None, "")):
        trained = train_on(known, SPACE, START, seeds, "few.csv", tell=said.append)
        assert trained.card["seeds"] == [0]
        assert said[-2] == f"gaussian_process learns all labels{told}"


def test_too_few_labels_and_unknown_methods_are_refused(digits):
    for count in (0, 1, 4):
        with pytest.raises(DataError, match=r"^few.csv: .* at least 5 with different labels"):
            train_on(labelled(digits, count), SPACE, START, 1, "few.csv")
    with pytest.raises(UnknownNameError, match="gaussian_process"):
        train_on(labelled(digits, 30), SPACE, START, 1, "few.csv", method="gausian_process")
