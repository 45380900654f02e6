"""digits-bench as it comes with the package: what it holds, and that it can be made again."""

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from conftest import ROOT, script
from project import Project

from tgnas.benchmarks import _digits
from tgnas.benchmarks._digits import build_of, of_seeds, read_card, read_table
from tgnas.benchmarks.base import Benchmark, open_benchmark
from tgnas.errors import CorruptTableError
from tgnas.image_training.digits import IMAGES, open_digits
from tgnas.image_training.digits_bench import card_of, list_architectures, measure_architecture
from tgnas.image_training.final import count_cost
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import read_recipe
from tgnas.registry import BENCHMARKS, SPACES
from tgnas.results import digits_search
from tgnas.results._tables import markdown

CARD = read_card()
RECIPE = read_recipe(ROOT / "config/recipes/digits.yaml")
TEST_IMAGES = IMAGES - CARD["recipe"]["train_images"] - CARD["recipe"]["validation_images"]
SPACES_OF = {"digits101": "nasbench101", "digits201": "nasbench201"}
LABEL = {"dataset": "digits", "split": "test", "epochs": RECIPE.epochs}
RANKING = {"datasets": ["digits"], "split": "test", "epochs": RECIPE.epochs}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return read_table()


def test_it_holds_the_architectures_that_the_maker_lists(table):
    listed = list_architectures(**CARD["architectures"])
    assert table.space.value_counts().to_dict() == {"nasbench101": 2532, "nasbench201": 1000}
    assert table[["space", "architecture"]].equals(listed)


@pytest.mark.parametrize("space", SPACES_OF.values())
def test_every_string_is_the_spaces_own(table, space):
    own = SPACES.load(space)
    strings = table[table.space == space].architecture
    assert strings.is_unique
    assert own.format(own.architectures(strings.tolist())) == strings.tolist()


def test_accuracies_are_shares_of_the_images_in_percent(table):
    for split, images in (("validation", RECIPE.validation_images), ("test", TEST_IMAGES)):
        right = of_seeds(table, f"{split}_accuracy").to_numpy(np.float64) / 100 * images
        assert right.shape[1] == CARD["seeds"]
        assert np.allclose(right, right.round(), atol=1e-3)
        assert right.min() >= 0 and right.max() <= images


def test_no_number_is_missing(table):
    numbers = table.drop(columns=["space", "architecture"])
    assert np.isfinite(numbers.to_numpy(np.float64)).all()
    assert (numbers[["parameters", "flops"]] > 0).all(axis=None)


def test_costs_are_those_of_the_networks(table):
    for row in table.sample(20, random_state=0).itertuples(index=False):
        assert count_cost(row.architecture, RECIPE.model_copy(update={"space": row.space})) == (
            row.parameters,
            row.flops,
        )


def test_the_cards_numbers_are_the_tables(table):
    made = card_of(table, CARD["title"], CARD["architectures"], CARD["recipe"])
    assert {name: CARD[name] for name in made} == made


def test_the_card_is_of_the_configs_recipe():
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())["digits_bench"]
    recipe = read_recipe(ROOT / config["recipe"], config["change"])
    assert recipe.settings() == CARD["recipe"]
    assert config["architectures"] == CARD["architectures"]
    assert config["seeds"] == CARD["seeds"]


def test_the_table_is_small():
    assert len((_digits.FOLDER / "digits_bench.parquet").read_bytes()) < 500_000


@pytest.mark.slow
@pytest.mark.parametrize("space", SPACES_OF.values())
def test_a_training_gives_the_tables_numbers_again(table, space):
    # Where torch or the processor rounds otherwise a training ends as one of another seed would:
    # the difference of two seeds has a deviation of sqrt(2) times theirs; the mean of 10 has a
    # tenth of its variance. Here the numbers are the same to the bit.
    rows = table[table.space == space].sample(5, random_state=1)
    digits = open_digits(RECIPE, Process(0, 1, torch.device("cpu")))
    again = pd.DataFrame(
        [measure_architecture(space, text, RECIPE, digits, 2) for text in rows.architecture]
    )
    before, after = (of_seeds(t, "test_accuracy").to_numpy(np.float64) for t in (rows, again))
    deviation = CARD["spaces"][space]["deviation_of_seeds"]
    assert abs((after - before).mean()) < 4 * np.sqrt(2) * deviation / np.sqrt(before.size)
    assert np.sqrt(((after - before) ** 2).mean()) < 3 * np.sqrt(2) * deviation


@pytest.mark.parametrize(("name", "space"), SPACES_OF.items())
def test_a_benchmark_holds_the_mean_of_the_seeds(table, name, space):
    benchmark, part = Benchmark(name, BENCHMARKS.load(name)()), table[table.space == space]
    assert benchmark.strings == part.architecture.tolist()
    means = of_seeds(part, "test_accuracy").mean(axis=1)
    assert benchmark.accuracy(**LABEL) == pytest.approx(means.to_numpy(np.float64))
    assert (benchmark.cost("parameters", dataset="digits") == part.parameters).all()
    assert np.allclose(benchmark.cost("flops", dataset="digits") * 1e6, part.flops)


@pytest.mark.parametrize(("name", "space"), SPACES_OF.items())
def test_a_benchmarks_cells_are_those_of_its_strings(name, space, tmp_path):
    script("build_benchmark")(benchmark=name, sources=[], table=tmp_path / "benchmark.arrow")
    benchmark = open_benchmark(tmp_path / "benchmark.arrow")
    own = SPACES.load(space)
    for row in (0, len(benchmark) // 2, len(benchmark) - 1):
        assert own.format(benchmark.architectures[[row]]) == [benchmark.strings[row]]


def test_a_space_that_the_table_has_not_is_refused():
    with pytest.raises(CorruptTableError, match="holds no architecture of darts"):
        build_of("darts")


def test_a_find_that_the_table_holds_is_placed_among_the_others():
    benchmark = Benchmark("digits201", build_of("nasbench201"))
    accuracies = benchmark.accuracy(**LABEL)
    row = int(np.argsort(accuracies)[-10])
    facts = {"architecture": benchmark.strings[row], "test_accuracy": accuracies[row]}
    placed = digits_search.table(benchmark, facts, RANKING).iloc[0]
    assert placed["place"] == int((accuracies > accuracies[row]).sum()) + 1
    assert placed["among"] == len(benchmark)
    assert placed["tabular_accuracy"] == accuracies[row]


def test_a_find_that_the_table_lacks_is_one_more():
    benchmark = Benchmark("digits201", build_of("nasbench201"))
    facts = {"architecture": "another", "test_accuracy": 100.0, "score": 0.5}
    facts["test_accuracy_of_seeds"] = [100.0, 100.0]
    frame = digits_search.table(benchmark, facts, RANKING)
    assert (frame.place[0], frame.among[0]) == (1, 1001)
    assert "not in digits-bench" in markdown(digits_search.show(frame))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Copy the project; its demo trains for less long."""
    copy = Project.copy(tmp_path_factory.mktemp("demo"), [], "config/demo.yaml")
    path = copy.folder / copy.config
    config = yaml.safe_load(path.read_text())
    config["seeds"] = 2
    for row in config["predictors"].values():
        row["epochs"] = 2
    path.write_text(yaml.safe_dump(config))
    return copy


def test_the_demo_fetches_nothing(demo: Project):
    planned = demo.planned()
    assert planned["train_on_digits"] == 1
    assert "fetch_resource" not in planned
    assert "train_digits_shard" not in planned


@pytest.mark.slow
def test_the_demo_runs_without_any_mirror(demo: Project):
    done = demo.run()
    assert done.returncode == 0, done.stdout
    tables = demo.folder / "results/demo/tables"
    found = pd.read_csv(tables / "digits_search.csv").iloc[0]
    assert 1 <= found.place <= found.among
    for target, architectures_of in (("digits201", 1000), ("nasbench_graph", 26206)):
        ranking = pd.read_csv(tables / f"ranking_{target}.csv")
        assert ranking.architectures.max() == architectures_of
        random = ranking.query("method == 'random' & population == subset == 'all'")
        taus = random[random.measure == "kendall_tau"]["mean"]
        assert (taus.abs() < 0.1).all()
    assert not demo.planned()
