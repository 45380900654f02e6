"""Methods that stand outside of the package are walked like its own."""

import os
import re
import shutil
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from test_cli import BEST, tgnas, write

from tgnas import registry
from tgnas.errors import ConfigError, ContractError
from tgnas.registry import (
    GRAPH_PROXIES,
    NETWORK_PROXIES,
    OUTSIDE,
    PREDICTORS,
    SEARCHERS,
    add_methods,
    folders_of,
)
from tgnas.workflow import provenance
from tgnas.workflow.config.checks import read_config
from tgnas.workflow.provenance import _file, code_digest

EXAMPLES = Path(__file__).parents[1] / "examples" / "methods"
SCRIPT = Path(__file__).parents[1] / "workflow" / "scripts" / "search.py"
NAME = "tgnas.methods.graph_proxies.mine"


@pytest.fixture
def outside(tmp_path, monkeypatch):
    (tmp_path / "own" / "graph_proxies").mkdir(parents=True)
    method = EXAMPLES / "graph_proxies" / "convolutions.py"
    shutil.copy(method, tmp_path / "own" / "graph_proxies" / "mine.py")
    monkeypatch.setenv(OUTSIDE, str(tmp_path / "own"))
    yield tmp_path / "own"
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    for name in [name for name, file in files.items() if str(file).startswith(str(tmp_path))]:
        del sys.modules[name]
    for folder in (tmp_path / "own").iterdir():
        path = import_module(f"tgnas.methods.{folder.name}").__path__
        path[:] = [place for place in path if not place.startswith(str(tmp_path))]
    _file.cache_clear()
    provenance._is_module.cache_clear()
    registry._outside.cache_clear()
    registry.packages.cache_clear()


def test_a_method_of_a_folder_is_listed_checked_and_used(outside, tmp_path):
    assert "mine" in GRAPH_PROXIES.names()
    assert "mine" not in SEARCHERS.names()
    assert GRAPH_PROXIES.module("mine").CARD.title == "#convolutions"
    file = write(tmp_path / "a.csv", BEST)
    done = tgnas("score", "--space", "nats", "--predictor", "mine", "--architectures", file)
    assert done.exit_code == 0, done.stderr
    assert "mine" in tgnas("methods").stdout


def test_its_code_counts_in_the_digest_of_a_job(outside):
    before = code_digest(SCRIPT, NAME)
    with (outside / "graph_proxies" / "mine.py").open("a") as stream:
        stream.write("\nMORE = 1\n")
    provenance._read.cache_clear()
    assert code_digest(SCRIPT, NAME) != before


@pytest.mark.parametrize("imported", ["from ._mine import ONE", "from . import _mine"])
def test_what_its_file_imports_beside_it_counts_in_the_digest(outside, imported):
    beside, method = (outside / "graph_proxies" / file for file in ("_mine.py", "mine.py"))
    beside.write_text("ONE = 1\n")
    method.write_text(f"{method.read_text()}\n{imported}\n")
    before = code_digest(SCRIPT, NAME)
    beside.write_text("ONE = 2\n")
    provenance._read.cache_clear()
    assert code_digest(SCRIPT, NAME) != before


def test_what_it_imports_of_its_own_package_counts_in_the_digest(their_package):
    method, module = their_package / "graph_proxies" / "theirs.py", NAME.replace("mine", "theirs")
    method.write_text(f"{method.read_text()}\nfrom their_methods.features import ONE\n")
    (their_package / "features.py").write_text("ONE = 1\n")
    before = code_digest(SCRIPT, module)
    (their_package / "features.py").write_text("ONE = 2\n")
    provenance._read.cache_clear()
    assert code_digest(SCRIPT, module) != before


@pytest.mark.parametrize("code", [b"def score(:", b"'\xff'"])
def test_a_file_that_is_no_python_is_named_in_a_line(outside, code):
    (outside / "graph_proxies" / "mine.py").write_bytes(code)
    with pytest.raises(ContractError, match=r"graph_proxies/mine\.py is no Python: "):
        GRAPH_PROXIES.names()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("np.ones(len(architectures) - 1)", r"shape \(0,\), not \(1,\)"),
        ("np.ones((len(architectures), 1))", r"shape \(1, 1\), not \(1,\)"),
        ("None", "None, not numbers"),
        ("['good']", r"\['good'\], not numbers"),
    ],
)
def test_scores_that_are_none_are_refused_with_the_method_in_a_line(
    outside, tmp_path, given, message
):
    head, rest = (outside / "graph_proxies" / "mine.py").read_text().split("def score(")
    signature = rest.partition(" -> ")[0]
    code = f"{head}def score({signature}:\n    return {given}\n"  # no hint that tests check
    (outside / "graph_proxies" / "mine.py").write_text(code)
    file = write(tmp_path / "a.csv", BEST)
    done = tgnas("score", "--space", "nats", "--predictor", "mine", "--architectures", file)
    assert done.exit_code == 1
    file = re.escape(str(outside / "graph_proxies" / "mine.py"))
    assert re.fullmatch(f"tgnas: {file}: score gives {message}\n", done.stderr)


def test_a_proxy_of_networks_gives_as_many_numbers_as_it_has_components(monkeypatch):
    module = NETWORK_PROXIES.module("te_nas")
    monkeypatch.setattr(module, "score", lambda network, batch, generator: 1.0)
    with pytest.raises(ContractError, match=r"network proxy 'te_nas': score gives shape \(\), not"):
        NETWORK_PROXIES.load("te_nas")(None, None, None)


@pytest.fixture
def their_package(outside, tmp_path, monkeypatch):
    site = tmp_path / "site"
    package = site / "their_methods"
    shutil.copytree(outside, package)
    (package / "__init__.py").write_text("")
    (package / "graph_proxies" / "mine.py").rename(package / "graph_proxies" / "theirs.py")
    about = site / "theirs-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[tgnas.methods]\ntheirs = their_methods\n")
    monkeypatch.syspath_prepend(site)
    registry._outside.cache_clear()
    registry.packages.cache_clear()
    return package


def test_a_package_is_named_by_an_entry_point(their_package):
    assert {"mine", "theirs"} <= set(GRAPH_PROXIES.names())
    assert GRAPH_PROXIES.module("theirs").CARD.title == "#convolutions"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("their_methods.nothing", "is no package"),
        ("their_methods.broken.methods", "cannot be imported: RuntimeError: no licence"),
        ("not_installed.methods", "cannot be imported: ModuleNotFoundError: No module named"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_named_in_a_line(their_package, value, message):
    (their_package / "broken").mkdir()
    (their_package / "broken" / "__init__.py").write_text("raise RuntimeError('no\\nlicence')\n")
    [points] = their_package.parent.glob("*.dist-info/entry_points.txt")
    points.write_text(f"[tgnas.methods]\ntheirs = {value}\n")
    with pytest.raises(ConfigError, match=f"^entry point tgnas.methods theirs: {value} {message}"):
        GRAPH_PROXIES.names()


def test_a_name_of_the_packages_own_is_refused(outside):
    (outside / "graph_proxies" / "mine.py").rename(outside / "graph_proxies" / "params.py")
    with pytest.raises(ConfigError, match=r"'params' is in .*graph_proxies, too; rename it"):
        GRAPH_PROXIES.names()


@pytest.mark.parametrize("inside", [None, "graph_proxy"])
def test_a_folder_without_a_family_is_refused_with_the_families(tmp_path, monkeypatch, inside):
    monkeypatch.setenv(OUTSIDE, "")
    if inside:
        (tmp_path / "wrong" / inside).mkdir(parents=True)
    message = "is no folder" if inside is None else r"no folder of a family; known are .*graph_prox"
    with pytest.raises(ConfigError, match=message):
        add_methods([tmp_path / "wrong"])


def test_folders_that_the_config_names_reach_the_processes_that_are_started(outside, monkeypatch):
    monkeypatch.setenv(OUTSIDE, "")
    add_methods([outside])
    assert os.environ[OUTSIDE] == str(outside)
    assert folders_of("tgnas.methods.graph_proxies")[1:] == (outside / "graph_proxies",)
    assert folders_of("tgnas.spaces")[1:] == ()


# Files that break their family's contract


def broken(folder: Path, family: str, text: str, name: str = "mine") -> Path:
    """Write a method of a family into a folder of methods and return its file."""
    file = folder / family / f"{name}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def test_what_a_file_lacks_is_said_with_the_file(outside):
    file = outside / "graph_proxies" / "mine.py"
    file.write_text(file.read_text().replace("CARD = ", "CARDS = "))
    with pytest.raises(ContractError, match=f"^{re.escape(str(file))}: CARD must be a Card$"):
        GRAPH_PROXIES.module("mine")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (', needs="nothing"', "", "TypeError: .*missing .*argument: 'needs'"),
        ("needs=", "kneads=", "TypeError: .*argument"),
        ("CARD = ", "import nothing_of_this_name\nCARD = ", "ModuleNotFoundError: No module named"),
    ],
)
def test_a_file_that_cannot_be_imported_is_named_with_the_line_and_the_reason(
    outside, old, new, message
):
    file = outside / "graph_proxies" / "mine.py"
    file.write_text(file.read_text().replace(old, new))
    fault = "import nothing" if "import" in new else "CARD = "
    lines = file.read_text().splitlines()
    line = next(n for n, text in enumerate(lines, start=1) if text.startswith(fault))
    where = f"^{re.escape(str(file))}:{line}: cannot be imported: "
    with pytest.raises(ContractError, match=where + message):
        GRAPH_PROXIES.module("mine")


NETWORK_PROXY = """
from tgnas.methods.card import Card, NetworkCard
CARD = NetworkCard(title="mine", reference="mine", needs="weights", cost="forward")
def score(network, batch, generator):
    return 0.0
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("weights", "weight", r"CARD.needs has 'weight' \(did you mean 'weights'\?\); known are n"),
        ("forward", "cheap", "CARD.cost has 'cheap'; known are counting, forward"),
        ('"forward"', '"forward", requires=("soul",)', "CARD.requires has 'soul'; known are lay"),
        ('= NetworkCard(title="mine", reference="mine", needs="weights", cost="forward")',
         '= Card(title="mine", reference="mine", needs="weights")', "CARD must be a NetworkCard"),
    ],
)  # fmt: skip
def test_the_card_of_a_proxy_of_networks_has_words_that_are_known(outside, old, new, message):
    file = broken(outside, "network_proxies", NETWORK_PROXY.replace(old, new), "my_network")
    with pytest.raises(ContractError, match=f"^{re.escape(str(file))}: {message}"):
        NETWORK_PROXIES.module("my_network")


PREDICTOR = """
from tgnas.methods.card import Card
from tgnas.methods.settings import MethodSettings as Settings
CARD = Card(title="mine", reference="mine", needs="nothing")
class Constant:
    state = {}
    def score(self, architectures):
        return VALUES
def fit(sources, settings, context, generator):
    return Constant()
def restore(state, settings, context):
    return Constant()
"""


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("[0.5] * (len(architectures) - 1)", r"shape \(2,\), not \(3,\)"),
        ("[[0.5]] * len(architectures)", r"shape \(3, 1\), not \(3,\)"),
        ("0.5", r"shape \(\), not \(3,\)"),
        ("None", "None, not numbers"),
    ],
)
def test_a_predictor_outside_gives_one_number_for_each_architecture(outside, values, message):
    file = broken(outside, "predictors", PREDICTOR.replace("VALUES", values), "my_constant")
    predictor = PREDICTORS.module("my_constant").fit([], None, None, None)
    called = f"^{re.escape(str(file))}: Constant.score gives {message}$"
    with pytest.raises(ContractError, match=called):
        predictor.score([0, 1, 2])


SEARCHER = """
from pydantic import Field
from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Trace
from tgnas.methods.settings import MethodSettings
CARD = Card(title="mine", reference="mine", needs="scores")
DETERMINISTIC = False
class Settings(MethodSettings):
    budget: int = Field(default=100, ge=1)
def search(space, oracle, settings, generator, surrogate=None):
    trace = Trace(oracle)
    trace.query(space.sample(settings.budget, generator))
    return trace.choose_best()
"""
SEARCH = ("search", "--space", "nats", "--predictor", "params", "--budget", "9", "--searcher")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"scores"',
            '"score"',
            "CARD.needs is 'score'; known are scores, labels, scores or labels",
        ),
        (
            "budget: int",
            "size: int",
            "Settings must have a key budget, or there must be a function",
        ),
        (" = Field(default=100, ge=1)", "", "Settings.budget must have a default"),
        (
            "def search",
            "def settings_within(space): ...\ndef search",
            r"settings_within(space) must be settings_within(space, budget)",
        ),
        (
            "def search",
            "def settings_within(space, budget): ...\ndef search",
            "settings_within gives None, not Settings",
        ),
        (
            "    trace.query",
            "    1 / 0\n    trace.query",
            "search raises ZeroDivisionError: division",
        ),
        (
            "def search",
            "def settings_within(space, budget): return Settings(budget=-1)\ndef search",
            "settings_within raises ValidationError: 1 validation error for Settings",
        ),
        (
            "return trace.choose_best()",
            "trace.incumbent = 2.5\n    return trace",
            "search chooses no incumbent",
        ),
        ("import Field", "import Field\nraise SystemExit(3)", "cannot be imported: SystemExit: 3"),
    ],
)
def test_a_searcher_outside_that_breaks_its_contract_is_told_in_a_line(outside, old, new, message):
    broken(outside, "searchers", SEARCHER.replace(old, new, 1), "my_search")
    done = tgnas(*SEARCH, "my_search")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1), done.exception
    assert "my_search" in done.stderr and message in done.stderr


def test_a_request_to_end_that_comes_during_an_import_is_no_fault_of_the_file(outside):
    ended = "import Field\nfrom tgnas.processes import TerminatedError\nraise TerminatedError(15)"
    broken(outside, "searchers", SEARCHER.replace("import Field", ended, 1), "my_search")
    done = tgnas(*SEARCH, "my_search")
    assert (done.exit_code, done.stderr) == (143, "")


def test_a_searcher_may_query_nothing_in_between(outside):
    first = "    trace.query(space.architectures([]))\n    trace.query(space.sample"
    text = SEARCHER.replace("    trace.query(space.sample", first)
    broken(outside, "searchers", text, "my_search")
    assert tgnas(*SEARCH, "my_search").exit_code == 0


def test_what_a_proxy_outside_raises_is_told_with_its_file_and_line(outside, tmp_path):
    file = outside / "graph_proxies" / "mine.py"
    lines = file.read_text().splitlines()
    line = next(n for n, text in enumerate(lines, start=1) if text.startswith("    of_cells"))
    file.write_text("\n".join([*lines[: line - 1], "    1 / 0", *lines[line - 1 :]]))
    options = ("--space", "nats", "--architectures", write(tmp_path / "a.csv", BEST))
    done = tgnas("score", *options, "--predictor", "mine")
    assert done.exit_code == 1
    assert (
        done.stderr == f"tgnas: {file}:{line}: score raises ZeroDivisionError: division by zero\n"
    )


def test_scores_that_are_not_known_are_no_fault_of_a_predictor(outside):
    text = PREDICTOR.replace("VALUES", "[float('nan')] * len(architectures)")
    broken(outside, "predictors", text, "my_unknown")
    predictor = PREDICTORS.module("my_unknown").fit([], None, None, None)
    assert len(predictor.score([0, 1])) == 2


def test_settings_may_stand_in_a_file_beside_the_method(outside):
    broken(outside, "searchers", "class Settings: ...\n", "_mine")
    broken(outside, "searchers", "from ._mine import Settings\ndef search(): ...\n", "my_search")
    assert SEARCHERS.settings("my_search").__module__ == "tgnas.methods.searchers._mine"


def test_every_method_outside_is_checked_before_any_job(outside):
    values = yaml.safe_load((Path(__file__).parents[1] / "config" / "config.yaml").read_text())
    read_config(values)
    file = broken(outside, "predictors", "def fit(): ...\n", "my_fit")
    with pytest.raises(ContractError, match=f"^{re.escape(str(file))}: CARD must be a Card; .*"):
        read_config(values)
