"""The config and the sheet: what is refused, and with which line."""

import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.utils import update_config

from tgnas.benchmarks._kin import KIN
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.encodings.sentence import MODELS
from tgnas.errors import ConfigError, TgnasError, UnknownNameError
from tgnas.methods.trained import load
from tgnas.registry import BENCHMARKS, NETWORK_PROXIES, SEARCHERS
from tgnas.workflow.config.checks import read_config
from tgnas.workflow.few_labels import FewLabelJobs
from tgnas.workflow.searches import Searches
from tgnas.workflow.sheet import (
    COLUMNS,
    LEAKED,
    Method,
    correlated_methods,
    read_methods,
)

ROOT = Path(__file__).parents[1]
SHEET = ROOT / "config" / "experiments.tsv"


@pytest.fixture
def config() -> dict:
    """Read the shipped config."""
    return yaml.safe_load((ROOT / "config" / "config.yaml").read_text())


def refusal_of(config: dict, kind: type[TgnasError] = UnknownNameError) -> str:
    """Return the one line that a config is refused with."""
    with pytest.raises(kind) as caught:
        read_config(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def add_round(config: dict, folder: Path, candidates: dict) -> Path:
    """Add a round of candidates to a config and return its file."""
    path = folder / "round.yaml"
    path.write_text(yaml.safe_dump({"candidates": candidates, "over_seeds": True, "ensembles": {}}))
    config["selection"]["rounds"].append(str(path))
    return path


@pytest.fixture
def demo(config) -> dict:
    """Read the config of the demo, laid over the shipped one."""
    update_config(config, yaml.safe_load((ROOT / "config" / "demo.yaml").read_text()))
    return config


# The config


def test_the_demos_config_is_allowed(demo):
    config = read_config(demo)
    for target in ("digits201", "nasbench_graph"):
        methods = read_methods(ROOT / demo["experiments"][target], config, target)
        assert config.demo.drawn in methods


@pytest.mark.parametrize("key", ["predictor", "drawn"])
def test_an_unknown_predictor_of_the_demo_is_answered_with_the_nearest_one(demo, key):
    demo["demo"][key] = "digits_cod"
    assert f"{key} of demo 'digits_cod' (did you mean 'digits_code'?)" in refusal_of(demo)


def test_an_unknown_searcher_of_the_demo_is_answered_with_the_nearest_one(demo):
    demo["demo"]["searcher"] = "exhausted"
    assert "searcher 'exhausted' (did you mean 'exhaustive'?)" in refusal_of(demo)


def test_a_config_is_checked_without_importing_torch_or_scikit_learn():
    code = (
        "import sys, yaml; from tgnas.workflow.config.checks import read_config; "
        "read_config(yaml.safe_load(open('config/config.yaml'))); print(*sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"torch", "scipy", "sklearn", "transformers"} & set(done.stdout.split())


def test_the_shipped_config_is_allowed(config):
    before = deepcopy(config)
    read_config(config)
    assert config == before


def test_a_key_that_stands_twice_in_a_file_is_refused(tmp_path):
    laid_over = tmp_path / "mine.yaml"
    laid_over.write_text("search:\n  runs: 3\n  runs: 4\n")
    command = ["-m", "snakemake", "--configfile", str(laid_over), "--dry-run", "--nolock"]
    told = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    planned = subprocess.run([sys.executable, *command], cwd=ROOT, check=False, **told)
    assert planned.returncode == 1
    assert f"{laid_over}: the key 'runs' stands there twice in line 3" in planned.stdout


def test_a_misspelled_key_is_answered_with_the_nearest_one(config):
    config["sedes"] = config.pop("seeds")
    assert "config key at the top level 'sedes' (did you mean 'seeds'?)" in refusal_of(config)


@pytest.mark.parametrize("place", ["ranking", "search", "final_training"])
def test_a_misspelled_key_of_a_section_is_answered_with_the_nearest_one(config, place):
    key = next(iter(config[place]))
    config[place][key + "x"] = config[place].pop(key)
    message = refusal_of(config)
    assert f"config key at {place} '{key}x' (did you mean '{key}'?)" in message


def test_a_misspelled_key_of_a_predictor_is_answered_with_the_nearest_one(config):
    predictor = config["predictors"]["tgnas_code"]
    predictor["epoch"] = predictor.pop("epochs")
    message = refusal_of(config)
    assert "config key at predictors.tgnas_code 'epoch' (did you mean 'epochs'?)" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epoch": 3}, "unknown recipe key at config/recipes/nasbench201.yaml 'epoch'"),
        ({"epochs": 0}, "nasbench201.yaml.epochs: 0 is not allowed; it should be greater"),
        ({"space": "darts"}, "final_training: short must be of space nasbench201"),
        ({"space": "darts", "dataset": "imagenet"}, "short is of imagenet; the workflow trains on"),
    ],
)
def test_a_training_by_no_recipe_is_refused(config, change, message):
    config["final_training"]["trainings"]["short"]["change"] = change
    assert message in refusal_of(config, TgnasError)


def test_a_cell_that_is_none_is_refused(config):
    config["studies"]["jpeg_copies"]["cells"]["more"] = "|none~0|"
    assert "|none~0|" in refusal_of(config, TgnasError)


def test_shipped_weights_are_not_made_where_they_are_read(config):
    config["shipped_weights"] = True
    assert "overwrite them" in refusal_of(config, ConfigError)
    config["pathvars"] = {"weights": "results/shipped/weights"}
    assert read_config(config).shipped_weights


def test_weights_of_the_package_are_scored_with_the_vectors_that_they_learned(config):
    run = read_config(config | {"shipped_weights": True, "pathvars": {"weights": "elsewhere"}})
    for entry in run.shipped.values():
        vectors = run.vectors_of(entry.predictor)
        load(ROOT / str(run.shipped_as(entry.predictor)), OperatorEmbeddings.read(ROOT / vectors))
        job = SimpleNamespace(
            searches="searches", space="nasbench201", scorer=entry.predictor, searchers="hybrid"
        )
        assert Searches(run).inputs(job)["embeddings"] == [vectors]
    trained = read_config(config)
    assert trained.vectors_of("tgnas_code") == "<results>/embeddings/minilm_short.parquet"
    assert run.vectors_of("tgnas_paper") == "<results>/embeddings/minilm_short.parquet"


def test_a_missing_key_is_named(config):
    del config["search"]["runs"]
    assert refusal_of(config, ConfigError) == "config: search: the key 'runs' is missing"


@pytest.mark.parametrize(
    ("section", "name"), [("pathvars", "result"), ("experiments", "nasbench21")]
)
def test_a_misspelled_name_in_a_section_of_files_is_answered_with_the_nearest_one(
    config, section, name
):
    config[section] = {**config.get(section, {}), name: "somewhere"}
    assert f"config key at {section} '{name}' (did you mean '{name[:4]}" in refusal_of(config)


def test_the_sheets_of_both_benchmarks_are_needed(config):
    del config["experiments"]["nasbench301"]
    assert refusal_of(config, ConfigError).endswith("the key 'nasbench301' is missing")


@pytest.mark.parametrize("section", ["search", "ranking"])
def test_a_value_in_place_of_a_section_is_refused(config, section):
    config[section] = 3
    assert refusal_of(config, ConfigError).startswith(f"config: {section}: 3 is not allowed")


@pytest.mark.parametrize("value", ["[5]", "5", 2.5, 0, None, [5]])
def test_seeds_are_a_positive_whole_number(config, value):
    config["seeds"] = value
    written = "no value" if value is None else repr(value)
    assert refusal_of(config, ConfigError).startswith(f"config: seeds: {written} is ")


def test_a_number_out_of_its_range_is_refused(config):
    config["ranking"]["level"] = 1.0
    assert "config: ranking.level: 1.0 is" in refusal_of(config, ConfigError)


@pytest.mark.parametrize(
    ("section", "key"), [("ranking", "at"), ("search", "top"), ("proxies", "timed")]
)
def test_no_more_are_asked_for_than_nasbench201_has(config, section, key):
    value = 15626
    config[section][key] = [1, value] if key == "at" else value
    message = refusal_of(config, ConfigError)
    assert f"{section}.{key}" in message
    assert message.endswith("15626 is not allowed; it should be less than or equal to 15625")


@pytest.mark.parametrize(
    ("place", "values"),
    [
        (("search",), {"searchers": ["hybrid", "hybrid"]}),
        (("search",), {"baselines": ["params", "params"]}),
        (("search", "constraints"), {"costs": ["flops", "flops"]}),
        (("search", "constraints"), {"shares": [0.5, 0.5]}),
        (("search", "darts"), {"searchers": ["hybrid", "hybrid"]}),
        (("ranking",), {"at": [10, 10]}),
        (("ranking", "nasbench201"), {"datasets": ["cifar10", "cifar10"]}),
        (("differences",), {"nasbench201": [["params", "flops"], ["params", "flops"]]}),
        (("differences",), {"nasbench201": [["params", "params"]]}),
        (("zero_shot",), {"differences": [["canonical", "canonical"]]}),
        (("isolation",), {"benchmarks": ["nasbench201", "nasbench201"]}),
        (("selection",), {"others": ["nasbench_macro", "nasbench_macro"]}),
        ((), {"tables": ["search", "search"]}),
    ],
)
def test_no_list_names_an_entry_twice(config, place, values):
    section = config
    for key in place:
        section = section[key]
    section.update(values)
    message = refusal_of(config, ConfigError)
    assert message.startswith(f"config: {'.'.join([*place, *values])}")
    assert "it should have no entry twice, as it has" in message


def test_the_entry_of_a_list_that_is_not_allowed_is_named(config):
    config["ranking"]["at"] = [0]
    message = "config: ranking.at.0: 0 is not allowed; it should be greater than or equal to 1"
    assert refusal_of(config, ConfigError) == message


def test_a_list_that_needs_an_entry_is_refused_without_one(config):
    config["ranking"]["at"] = []
    message = "config: ranking.at: [] is not allowed; it should have at least 1 entry"
    assert refusal_of(config, ConfigError) == message


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ([("width", [4]), ("width", [8])], "the axis width stands there twice"),
        ([("width", ["4", 4])], "the axis width: the value '4' stands there twice"),
        ([("embedding", ["one hot"])], "the axis embedding: the value 'one hot' is no word or"),
    ],
)
def test_the_values_of_an_ablation_are_files_of_their_own(config, axes, message):
    config["ablations"]["axes"] = [
        {"name": name, "key": name, "values": values} for name, values in axes
    ]
    assert message in refusal_of(config, ConfigError)


def test_a_value_of_an_ablation_may_be_a_fraction(config):
    axis = {"name": "rate", "key": "learning_rate", "values": [0.01, 0.001]}
    config["ablations"]["axes"] = [axis]
    assert {value for _, _, value in read_config(config).ablated} == {"0.01", "0.001"}


@pytest.mark.parametrize(
    ("place", "key", "searcher", "message"),
    [
        (("search",), "searchers", "weaknas", "needs 'labels', and here it is given scores"),
        (("search",), "labelled", "hybrid", "needs 'scores', and here it is given labels"),
        (("search", "darts"), "searchers", "weaknas", "needs 'labels', and here it is given"),
        (("search", "constraints"), "searchers", "weaknas", "needs 'labels', and here it is"),
    ],
)
def test_no_searcher_is_given_what_its_card_does_not_need(config, place, key, searcher, message):
    section = config
    for name in place:
        section = section[name]
    section[key] = [searcher]
    where = ".".join([*place, key])
    start = f"config: {where}: the card of searcher {searcher!r} {message}"
    assert refusal_of(config, ConfigError).startswith(start)


def test_a_searcher_of_few_labels_needs_labels(config):
    config["few_labels"]["searchers"]["mine"] = {"searcher": "hybrid", "title": "mine"}
    message = refusal_of(config, ConfigError)
    assert message.startswith("config: few_labels.searchers.mine: the card of searcher 'hybrid'")


@pytest.mark.parametrize("name", SEARCHERS.names())
def test_what_the_card_of_a_searcher_needs_is_read_without_importing_it(name):
    assert SEARCHERS.needs(name) == SEARCHERS.module(name).CARD.needs


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("differences", "nasbench_macro"), [["params", "flops"]], "benchmark of differences"),
        (("differences", "nasbench201"), [["tgnas_cod", "params"]], "method of differences.nasb"),
        (("headline", "methods"), ["tgnas_cod"], "method of headline 'tgnas_cod' (did you mean"),
        (("headline", "scorers"), ["publish"], "scorer of headline 'publish' (did you mean 'publ"),
        (("headline", "searcher"), "hybird", "searcher of headline 'hybird' (did you mean 'hyb"),
        (("zero_shot", "readme"), ["nwott"], "method, or stored proxy, of zero_shot 'nwott' (did"),
        (("headline", "released"), "dump", "method of headline 'dump' (did you mean 'authors_d"),
        (("headline", "baseline"), "param", "method of headline 'param' (did you mean 'params'"),
        (("quoted",), ["tgnas_paperr"], "'tgnas_paperr' (did you mean 'tgnas_paper'?)"),
        (("training", "nasbench1"), None, "unknown benchmark 'nasbench1' (did you mean 'nasben"),
        (("universal", "shipped"), ["cod"], "predictor of the package in universal.shipped"),
        (("universal", "sequences"), ["nasbench10"], "space of universal.sequences 'nasbench10'"),
        (("supernets", "differences"), [["dart", "darts"]], "supernets.differences 'dart' (did"),
    ],
)
def test_an_unknown_name_in_what_is_compared_is_answered_with_the_nearest_one(
    config, place, value, message
):
    section = config
    for key in place[:-1]:
        section = section[key]
    section[place[-1]] = value or config["training"]["nasbench101"]
    assert message in refusal_of(config)


def test_a_searcher_of_few_labels_names_targets_that_there_are(config):
    mine = {"searcher": "random", "title": "mine", "targets": ["nasbench11"]}
    config["few_labels"]["searchers"]["mine"] = mine
    assert "target of few_labels.searchers.mine 'nasbench11'" in refusal_of(config)


@pytest.mark.parametrize("cells", ["some", 1, 2.5])
def test_the_training_part_is_all_or_a_number(config, cells):
    config["predictors"]["tgnas_code"]["cells"] = cells
    assert "config: predictors.tgnas_code.cells: " in refusal_of(config, ConfigError)


def test_an_unknown_source_is_answered_with_the_nearest_one(config):
    config["predictors"]["tgnas_code"]["sources"] = ["nasbench_101"]
    assert "benchmark 'nasbench_101' (did you mean 'nasbench101'?)" in refusal_of(config)


def test_a_space_that_the_universal_predictor_has_learned_is_not_measured(config):
    config["universal"]["spaces"]["nasbench101"]["predictor"] = "tgnas_universal"
    with pytest.raises(ConfigError, match=r"universal.nasbench101 is measured on what it learned"):
        read_config(config)


@pytest.mark.parametrize(
    ("measured", "learned"),
    [
        ("digits101", "nasbench101"),
        ("digits201", "nasbench201"),
        ("transnas_micro", "nasbench201"),
        ("nds_darts", "nasbench301"),
    ],
)
def test_a_space_whose_kin_the_universal_predictor_has_learned_is_not_measured(
    config, measured, learned
):
    config["universal"]["spaces"][measured]["predictor"] = "tgnas_universal"
    said = refusal_of(config, ConfigError)
    assert f"universal.{measured} is measured on what it learned from: {learned}," in said


def test_kin_are_benchmarks_each_of_one_group():
    assert set().union(*KIN) <= set(BENCHMARKS.names())
    assert sum(map(len, KIN)) == len(set().union(*KIN))


def test_cells_by_source_name_every_source(config):
    config["predictors"]["tgnas_universal"]["cells"] = {"nasbench101": 100}
    with pytest.raises(ConfigError, match=r"cells names \['nasbench101'\], not its sources"):
        read_config(config)


def test_a_source_without_a_label_is_refused(config):
    config["predictors"]["tgnas_code"]["sources"] = ["nasbench_macro"]
    assert "source of predictor tgnas_code 'nasbench_macro'" in refusal_of(config)


def test_an_unknown_data_set_is_answered_with_the_nearest_one(config):
    config["ranking"]["nasbench201"]["datasets"] = ["cifar10", "cifar-100"]
    message = refusal_of(config)
    assert (
        "value of ranking.nasbench201.datasets.1 'cifar-100' (did you mean 'cifar100'?)" in message
    )


def test_an_unknown_sentence_length_is_answered_with_the_nearest_one(config):
    config["embeddings"]["minilm_short"]["length"] = "shrot"
    assert "minilm_short.length 'shrot' (did you mean 'short'?)" in refusal_of(config)


def test_a_misspelled_key_of_an_embedding_is_answered_with_the_nearest_one(config):
    entry = config["embeddings"]["one_hot"]
    entry["component"] = entry.pop("components")
    message = refusal_of(config)
    assert "key at embeddings.one_hot 'component' (did you mean 'components'?)" in message


def test_an_unknown_sentence_transformer_is_answered_with_the_nearest_one(config):
    config["embeddings"]["mpnet_short"]["model"] = "all-mpnet-base-v1"
    assert "'all-mpnet-base-v1' (did you mean 'all-mpnet-base-v2'?)" in refusal_of(config)


def test_the_config_may_name_every_model_that_can_be_read(config):
    assert {entry["model"] for entry in config["embeddings"].values()} == set(MODELS)


def test_an_unknown_embedding_is_answered_with_the_nearest_one(config):
    config["predictors"]["tgnas_paper"]["embedding"] = "minilm_shrot"
    message = refusal_of(config)
    assert "embedding of predictor tgnas_paper 'minilm_shrot' (did you mean 'minilm_" in message


def test_an_unknown_embedding_of_a_candidate_is_answered_with_the_nearest_one(config, tmp_path):
    add_round(config, tmp_path, {"hot": {"embedding": "one_hit"}})
    message = refusal_of(config)
    assert "embedding of candidate hot 'one_hit' (did you mean 'one_hot'?)" in message


def test_a_candidate_may_have_another_embedding(config, tmp_path):
    add_round(config, tmp_path, {"hot": {"embedding": "one_hot"}})
    assert read_config(config).candidates["hot"].embedding == "one_hot"


def test_one_hot_vectors_are_not_cut_to_components(config):
    config["embeddings"]["one_hot"]["components"] = 8
    assert "embeddings.one_hot: one_hot has no" in refusal_of(config, ConfigError)


@pytest.mark.parametrize("section", ["embeddings", "predictors"])
def test_a_name_in_another_spelling_is_refused(config, section):
    config[section]["Mini-LM"] = next(iter(config[section].values()))
    assert f"config: {section}: 'Mini-LM' is no name of the form" in refusal_of(config, ConfigError)


def test_an_unknown_searcher_is_answered_with_the_nearest_one(config):
    config["search"]["searchers"] = ["hybird"]
    assert "unknown searcher 'hybird' (did you mean 'hybrid'?)" in refusal_of(config)


def test_an_unknown_baseline_is_answered_with_the_nearest_one(config):
    config["search"]["baselines"] = ["param"]
    assert "unknown graph proxy 'param' (did you mean 'params'?)" in refusal_of(config)


def test_an_unknown_predictor_method_is_answered_with_the_nearest_one(config):
    config["predictors"]["tgnas_code"]["method"] = "tgnsa"
    assert "unknown predictor 'tgnsa' (did you mean 'tgnas'?)" in refusal_of(config)


def test_an_unknown_predictor_of_the_search_is_answered_with_the_nearest_one(config):
    config["search"]["predictor"] = "tgnas_cod"
    assert "unknown predictor 'tgnas_cod' (did you mean 'tgnas_code'?)" in refusal_of(config)


@pytest.mark.parametrize(
    ("section", "name", "owner"),
    [
        ("predictors", "params", "a proxy"),
        ("predictors", "zen", "a proxy"),
        ("predictors", "zen_stored", "stored scores"),
        ("predictors", "oracle_cifar10", "an oracle"),
        ("predictors", "zico_reduced", "scores of reduced networks"),
        ("predictors", "tgnas_code_leaked", "predictors.tgnas_code, leaked"),
        ("ensembles", "params", "a proxy"),
        ("ensembles", "tgnas_code", "predictors.tgnas_code"),
        ("shipped", "zen", "a proxy"),
        ("shipped", "complexity_baseline", "ensembles.complexity_baseline"),
    ],
)
def test_no_two_methods_bear_one_name(config, section, name, owner):
    config[section][name] = next(iter(config[section].values()))
    assert refusal_of(config, ConfigError).startswith(
        f"config: {section}.{name} bears the name of {owner}"
    )


@pytest.mark.parametrize("section", ["search", "constraints"])
def test_an_unknown_scorer_of_searches_is_answered_with_the_nearest_one(config, section):
    search = config["search"]
    (search if section == "search" else search[section])["scorers"] = ["oracle_cifar"]
    assert "unknown scorer 'oracle_cifar' (did you mean 'oracle_cifar10'?)" in refusal_of(config)


def test_a_misspelled_setting_of_the_searchers_is_answered_with_the_nearest_one(config):
    config["search"]["settings"]["completion"] = 4
    message = "config key at search.settings 'completion' (did you mean 'completions'?)"
    assert message in refusal_of(config)


def test_a_searcher_refuses_its_own_settings(config):
    config["search"]["settings"]["population"] = 3
    message = refusal_of(config, ConfigError)
    assert message.startswith("config: search.settings.population: 3 is not allowed")


def test_the_config_gives_every_setting_of_its_searchers(config):
    named = {
        key
        for name in config["search"]["searchers"]
        for key in SEARCHERS.settings(name).model_fields
    }
    assert named - {"budget"} == config["search"]["settings"].keys()


@pytest.mark.parametrize("section", ["constraints", "darts"])
def test_an_unknown_searcher_of_a_part_of_the_searches_is_refused(config, section):
    config["search"][section]["searchers"] = ["hybird"]
    assert "unknown searcher 'hybird' (did you mean 'hybrid'?)" in refusal_of(config)


# The sheet

GOOD = ("params", "proxy", "once", "#params")


def sheet_of(folder: Path, *rows: tuple[str, ...], header: tuple[str, ...] = COLUMNS) -> Path:
    """Write a sheet and return its path."""
    path = folder / "sheet.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in (header, *rows)))
    return path


def test_the_shipped_sheet_is_allowed(config):
    methods = read_methods(SHEET, read_config(config), "nasbench201")
    assert methods["tgnas_code"].seeds == tuple(range(config["seeds"]))
    assert methods["params"] == Method("params", "proxy", (0,), "#params")


def test_methods_stand_in_the_order_of_the_sheet(config, tmp_path):
    sheet = sheet_of(tmp_path, ("random", "proxy", "seeds", "chance"), GOOD)
    assert list(read_methods(sheet, read_config(config), "nasbench201")) == ["random", "params"]


BAD = {
    "unknown family 'proxi' (did you mean 'proxy'?)": ("params", "proxi", "once", "x"),
    "unknown proxy 'param' (did you mean 'params'?)": ("param", "proxy", "once", "x"),
    "unknown predictor 'tgnas_cod' (did you mean": ("tgnas_cod", "predictor", "seeds", "x"),
    f"(did you mean 'tgnas_code{LEAKED}'?)": ("tgnas_code_leak", "leaked", "seeds", "x"),
    "unknown stored 'authors_dumb'": ("authors_dumb", "stored", "once", "x"),
    "unknown value of runs 'twice'": ("random", "proxy", "twice", "x"),
    "method 'params' stands there twice": GOOD,
    "not 4 columns": GOOD[:3],
    "sheet.tsv:3: not 4": (*GOOD, "more"),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_row_is_refused_with_file_and_line(config, tmp_path, reason):
    sheet = sheet_of(tmp_path, GOOD, BAD[reason])
    with pytest.raises(ConfigError) as caught:
        read_methods(sheet, read_config(config), "nasbench201")
    assert str(caught.value).startswith(f"{sheet}:3: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_columns_are_refused(config, tmp_path):
    sheet = sheet_of(tmp_path, header=("method", "family", "seeds", "title"))
    with pytest.raises(ConfigError, match=r":1: the columns must be method, family, runs, title"):
        read_methods(sheet, read_config(config), "nasbench201")


def test_a_missing_sheet_is_named(config, tmp_path):
    with pytest.raises(ConfigError, match=r"no such sheet of experiments \(config key"):
        read_methods(tmp_path / "absent.tsv", read_config(config), "nasbench201")


def test_a_quoted_method_has_the_numbers_of_an_earlier_run(config, tmp_path):
    config["quoted"] = ["tgnas_paper"]
    rows = [("tgnas_paper", "predictor", "seeds", "x"), ("params", "proxy", "once", "#params")]
    methods = read_methods(sheet_of(tmp_path, *rows), read_config(config), "nasbench201")
    assert [method.family for method in methods.values()] == ["earlier", "proxy"]


def test_a_quoted_method_that_no_earlier_run_ranked_is_refused(config, tmp_path):
    config["quoted"] = ["tgnas_paper"]
    sheet = sheet_of(tmp_path, ("tgnas_paper", "predictor", "seeds", "x"))
    message = r":2: unknown method of config/earlier.csv 'tgnas_paper'"
    with pytest.raises(ConfigError, match=message):
        read_methods(sheet, read_config(config), "nasbench301")


def test_a_part_that_is_isolated_must_be_a_predictor(config):
    config["isolation"]["steps"] = {"tgnas_code": "a", "tgnas_cod": "b"}
    assert "did you mean 'tgnas_code'" in refusal_of(config)


def with_few_shot(config: dict, **keys) -> dict:
    """Add a predictor that learns 100 labels of NAS-Bench-201."""
    entry = {"base": "tgnas_start", "sources": ["nasbench201"], "cells": 100}
    config["predictors"]["few"] = entry | keys
    return config


def test_a_predictor_that_learns_labels_of_the_target_is_declared_as_few_shot(config, tmp_path):
    sheet = sheet_of(tmp_path, ("few", "few_shot", "seeds", "100 labels"))
    methods = read_methods(sheet, read_config(with_few_shot(config)), "nasbench201")
    assert methods["few"].family == "few_shot"


@pytest.mark.parametrize(
    ("name", "family", "message"),
    [
        ("few", "predictor", "learns labels of nasbench201: its family is few_shot, not predictor"),
        ("tgnas_code", "few_shot", "learns no label of nasbench201: its family is predictor, not"),
    ],
)
def test_no_row_is_called_otherwise_than_what_it_learns(config, tmp_path, name, family, message):
    sheet = sheet_of(tmp_path, (name, family, "seeds", "x"))
    with pytest.raises(ConfigError, match=f":2: {name} {message}"):
        read_methods(sheet, read_config(with_few_shot(config)), "nasbench201")


@pytest.mark.parametrize("keys", [{"strategy": "top"}, {"drawn_by": "params"}])
def test_a_strategy_and_the_proxy_that_it_draws_by_belong_together(config, keys):
    assert "predictors.few: drawn_by belongs to the strategies stratified and top" in refusal_of(
        with_few_shot(config, **keys), ConfigError
    )


def test_keys_of_a_draw_that_no_entry_names_do_not_stand_in_its_card(config):
    few = read_config(with_few_shot(config, drawn_anew=True)).predictors
    assert few["few"].flat()["drawn_anew"] is True
    assert not {"drawn_anew", "strategy", "drawn_by"} & few["tgnas_code"].flat().keys()


# Predictors that build on each other, candidates, ensembles


def test_an_entry_takes_from_its_base_what_it_does_not_say(config):
    rows = read_config(config).predictors
    assert rows["tgnas_paper"].settings.layers == 2
    assert rows["tgnas_paper"].settings.width == rows["tgnas_code"].settings.width
    assert rows["tgnas_paper"].embedding == "minilm_short"
    assert "base" not in rows["tgnas_paper"].flat()


def test_bases_that_go_round_in_a_circle_are_refused(config):
    config["predictors"]["tgnas_code"]["base"] = "tgnas_paper"
    message = refusal_of(config, ConfigError)
    assert "the bases tgnas_code -> tgnas_paper -> tgnas_code circle" in message


def test_an_unknown_base_is_answered_with_the_nearest_one(config):
    config["predictors"]["tgnas_paper"]["base"] = "tgnas_cod"
    message = refusal_of(config)
    assert "base of predictor tgnas_paper 'tgnas_cod' (did you mean 'tgnas_code'?)" in message


def test_an_entry_that_lacks_a_value_is_refused(config):
    del config["predictors"]["tgnas_code"]["readout"]
    assert refusal_of(config, ConfigError) == "config: predictors.tgnas_code lacks readout"


def test_a_candidate_is_the_start_with_its_own_values(config):
    read = read_config(config)
    start = read.predictors[read.selection.start]
    assert read.candidates["start"] == start
    assert read.candidates["two_layers"].flat() == start.flat() | {"layers": 2}


def test_a_candidate_may_build_on_another_one(config, tmp_path):
    add_round(config, tmp_path, {"thin": {"base": "two_layers", "width": 8}})
    candidates = read_config(config).candidates
    assert candidates["thin"].flat() == candidates["two_layers"].flat() | {"width": 8}


def test_a_candidate_builds_on_what_was_compared_before_it(config, tmp_path):
    add_round(config, tmp_path, {"thin": {"base": "two_layer", "width": 8}})
    message = "base of candidate thin 'two_layer' (did you mean 'two_layers'?)"
    assert message in refusal_of(config)


def test_a_candidate_does_not_take_the_name_of_another_one(config, tmp_path):
    add_round(config, tmp_path, {"two_layers": {"layers": 2}})
    assert "candidate two_layers stands there twice" in refusal_of(config, ConfigError)


def test_a_misspelled_key_of_a_round_is_answered_with_the_nearest_one(config, tmp_path):
    path = add_round(config, tmp_path, {})
    path.write_text(path.read_text().replace("over_seeds", "over_seed"))
    message = f"config key at {path} 'over_seed' (did you mean 'over_seeds'?)"
    assert message in refusal_of(config)


def test_a_round_that_is_not_there_is_named(config):
    config["selection"]["rounds"] = ["config/selection/none.yaml"]
    assert "config/selection/none.yaml: " in refusal_of(config, ConfigError)


def test_another_method_inherits_none_of_the_settings_of_its_base(config):
    config["predictors"]["other"] = {"base": "tgnas_code", "method": "tgnas"}
    assert read_config(config).predictors["other"].settings.layers == 4


def test_the_canonical_predictor_is_the_chosen_candidate(config):
    read = read_config(config)
    chosen = read.candidates[read.selection.chosen.candidate]
    assert read.predictors["tgnas_canonical"] == chosen


def test_an_unknown_auxiliary_target_is_answered_with_the_nearest_one(config):
    config["predictors"]["tgnas_start"]["auxiliary_targets"] = {"topolgy": 1}
    assert "did you mean 'topology'" in refusal_of(config)


def test_an_auxiliary_target_needs_ranks_to_be_averaged_with(config):
    config["predictors"]["tgnas_code"]["auxiliary_targets"] = {"topology": 1}
    with pytest.raises(
        ConfigError, match=r"predictors.tgnas_code has auxiliary_targets, which need the label"
    ):
        read_config(config)


def test_an_unknown_proxy_to_distil_from_is_answered_with_the_nearest_one(config):
    config["predictors"]["tgnas_distilled_az_nas"]["distil_from"] = "aznas"
    assert "'az_nas'" in refusal_of(config)


@pytest.mark.parametrize(
    ("key", "value"), [("sources", ["nasbench101"]), ("auxiliary_targets", {"topology": 1})]
)
def test_a_distilled_predictor_learns_from_its_proxy_alone(config, key, value):
    config["predictors"]["tgnas_distilled_az_nas"][key] = value
    message = refusal_of(config, ConfigError)
    assert "predictors.tgnas_distilled_az_nas is distilled from az_nas alone" in message


def test_a_predictor_and_a_candidate_learn_from_something(config, tmp_path):
    add_round(config, tmp_path, {"idle": {"sources": []}})
    message = refusal_of(config, ConfigError)
    assert "candidate idle has neither a source nor a proxy to distil from" in message
    config["predictors"]["tgnas_start"]["sources"] = []
    message = refusal_of(config, ConfigError)
    assert "predictors.tgnas_start has neither a source nor a proxy to distil from" in message


def test_the_distilled_predictor_that_the_docs_add_is_allowed(config):
    page = (ROOT / "docs/add-a-method.md").read_text()
    block = next(part for part in page.split("```yaml\n") if "distil_from:" in part)
    update_config(config, yaml.safe_load(block.split("```")[0]))
    assert read_config(config).predictors["tgnas_distilled_zico"].distil_from == "zico"


def test_a_distilled_predictor_is_no_base_of_ablations(config):
    config["ablations"]["bases"] = ["tgnas_distilled_meco"]
    message = refusal_of(config, ConfigError)
    assert "ablations: tgnas_distilled_meco learns no accuracy, but is distilled" in message


def of_nasbench101(config: dict, method: str) -> None:
    """Have a method compared on a sample of NAS-Bench-101."""
    sample = {"benchmark": "nasbench101", "space": "nasbench101", "methods": [method]}
    config["proxies"]["samples"][1] |= sample


def test_a_distilled_predictor_is_not_compared_on_the_cells_that_its_proxy_scored(config):
    of_nasbench101(config, "tgnas_distilled_meco")
    message = refusal_of(config, ConfigError)
    assert "tgnas_distilled_meco has learned from nasbench101" in message


@pytest.mark.parametrize("key", ["distillation", "mixed_cells"])
def test_a_proxy_to_distil_from_has_no_more_shards_than_cells(config, key):
    config["reduced_networks"][key] = {"architectures": 2, "shards": 3}
    message = refusal_of(config, ConfigError)
    assert f"reduced_networks.{key} has more shards than architectures" in message


def test_only_the_universal_predictor_learns_proxies_beside_labels(config):
    config["predictors"]["tgnas_universal"]["distilled"] = ["az_nas", "meco"]
    assert read_config(config).predictors["tgnas_universal"].distilled == ("az_nas", "meco")
    config["predictors"]["tgnas_canonical"]["distilled"] = ["meco"]
    assert "is of the method tgnas, which distils nothing" in refusal_of(config, ConfigError)


def test_a_candidate_learns_no_proxies_beside_labels(config, tmp_path):
    add_round(config, tmp_path, {"both": config["predictors"]["tgnas_universal"]})
    message = refusal_of(config, ConfigError)
    assert "candidate both: candidates learn no `distilled` proxies" in message


def test_proxies_beside_labels_are_refused_where_no_rule_would_hand_them_on(config):
    config["predictors"]["tgnas_universal"]["distilled"] = ["meco"]
    config["ablations"]["bases"] = ["tgnas_universal"]
    message = refusal_of(config, ConfigError)
    assert "ablations: tgnas_universal learns `distilled` proxies, no base does" in message


def test_a_sample_is_of_a_search_space(config):
    config["proxies"]["samples"][0]["space"] = "uniform_width"
    assert "unknown space 'uniform_width'" in refusal_of(config)


def test_an_unknown_chosen_candidate_is_answered_with_the_nearest_one(config):
    config["selection"]["chosen"]["candidate"] = "two_layer"
    assert "candidate 'two_layer' (did you mean 'two_layers'?)" in refusal_of(config)


def test_an_unknown_member_of_an_ensemble_is_answered_with_the_nearest_one(config):
    config["ensembles"]["canonical_ensemble"]["members"] = {"tgnas_canonicle": 1}
    message = refusal_of(config)
    assert "canonical_ensemble 'tgnas_canonicle' (did you mean 'tgnas_canonical'?)" in message


def test_nothing_is_selected_on_an_unknown_benchmark(config):
    config["selection"]["others"] = ["nasbench_makro"]
    assert "benchmark 'nasbench_makro' (did you mean 'nasbench_macro'?)" in refusal_of(config)


# The comparison of proxies


def test_all_proxies_of_networks_are_compared_unless_some_are_named(config):
    assert read_config(config).proxies.compared == NETWORK_PROXIES.names()
    config["proxies"]["networks"] = ["zen", "synflow"]
    config["proxies"]["samples"] = config["proxies"]["samples"][:1]
    assert read_config(config).proxies.compared == ["zen", "synflow"]
    config["proxies"]["networks"] = ["synflw"]
    assert "'synflw' (did you mean 'synflow'?)" in refusal_of(config)


def test_the_heat_map_begins_with_tgnas_and_has_the_papers_14(config):
    found = correlated_methods(read_config(config))
    assert found[0] == "tgnas_code"
    assert len(found) == 14


def test_no_predictor_is_compared_on_what_it_learned_from(config):
    of_nasbench101(config, "tgnas_paper")
    message = refusal_of(config, ConfigError)
    assert message.endswith("sample of nasbench101: tgnas_paper has learned from nasbench101")


def test_nor_is_an_ensemble_of_it(config):
    of_nasbench101(config, "canonical_ensemble")
    assert "tgnas_canonical has learned from nasbench101" in refusal_of(config, ConfigError)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("benchmark", "nasbench202", "benchmark 'nasbench202'"),
        ("space", "dart", "torch network 'dart' (did you mean 'darts'?)"),
        ("methods", ["tgnas_coed"], "method on nasbench201 'tgnas_coed' (did you mean"),
    ],
)
def test_an_unknown_name_in_a_sample_is_answered_with_the_nearest_one(config, key, value, message):
    config["proxies"]["samples"][0][key] = value
    assert message in refusal_of(config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shards": 1001}, "sample of nasbench201 has more shards than architectures"),
        ({"methods": ["params"]}, "tgnas_code is not compared on nasbench201"),
        ({"benchmark": "nasbench101"}, "has learned from nasbench101"),
    ],
)
def test_a_sample_that_cannot_be_compared_is_refused(config, change, message):
    config["proxies"]["samples"][0] |= change
    assert message in refusal_of(config, ConfigError)


def test_a_target_of_few_labels_may_name_who_sees_it(config):
    jobs = FewLabelJobs(read_config(config))
    assert jobs.queried()["nasbench201_cifar10_12"][-2:] == ["ddpnas", "ddpnas_start"]
    assert "weaknas" not in jobs.queried()["nasbench201_cifar10_12"]
    assert "weaknas" in jobs.queried()["nasbench201_cifar10"]
    config["few_labels"]["targets"]["nasbench201_cifar10_12"]["methods"] = ["ddpnsa"]
    assert "'ddpnsa' (did you mean 'ddpnas'?)" in refusal_of(config)


@pytest.mark.parametrize("start", ["universal", "tgnas_canonical_from_nasbench201"])
def test_no_start_has_learned_labels_of_its_target_of_12_epochs(config, start):
    config["few_labels"]["targets"]["nasbench201_cifar10_12"]["start"] = start
    assert "learned labels of nasbench201_12_epochs" in refusal_of(config, ConfigError)


# What describes the configuration, and where others look for the workflow


def test_every_file_of_the_configuration_is_described():
    described = (ROOT / "config/README.md").read_text()
    for path in sorted((ROOT / "config").rglob("*")):
        of_folder = f"`{path.parent.name}/*.yaml`" if path.parent.name != "config" else "-"
        if path.is_file() and path.name != "README.md":
            assert f"`{path.name}`" in described or of_folder in described, path.name


def test_the_workflow_catalog_finds_the_workflow_where_it_looks():
    command = ["-m", "snakemake", "--snakefile", "workflow/Snakefile", "--dry-run", "--forceall"]
    told = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    demo = ["--configfile", "config/demo.yaml", "--quiet", "rules", "--nolock"]
    planned = subprocess.run([sys.executable, *command, *demo], cwd=ROOT, check=True, **told)
    assert {"everything", "render_report", "train_predictor"} <= set(planned.stdout.split())
