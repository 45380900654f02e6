"""Every file of every family keeps its family's contract, which the registry checks whole."""

import pydoc
import subprocess
import sys
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tgnas import registry
from tgnas.errors import ConfigError, ContractError, UnknownNameError
from tgnas.methods import contracts, not_reached
from tgnas.methods.card import Card
from tgnas.methods.settings import MethodSettings, read_settings
from tgnas.registry import PREDICTORS, STUDIES, Family, check
from tgnas.workflow.config.checks import read_config
from tgnas.workflow.provenance import weights_digest

ROOT = Path(__file__).parents[1]

FAMILIES = {f.kind: f for f in vars(registry).values() if isinstance(f, Family)}
HELD = {kind: family for kind, family in FAMILIES.items() if family.contract}
MEMBERS = [(kind, name) for kind, family in HELD.items() for name in family.names()]


def members_with(export: str) -> list[tuple[str, str]]:
    """Return the members whose contract asks for an attribute."""
    asked = {kind: pydoc.locate(family.contract).__annotations__ for kind, family in HELD.items()}
    return [(kind, name) for kind, name in MEMBERS if export in asked[kind]]


METHODS = members_with("CARD")
WITH_SETTINGS = [member for member in members_with("Settings") if member in METHODS]


class Settings(MethodSettings):
    """The settings of a method that does nothing."""

    penalty: float = 1.0


def method(**members) -> ModuleType:
    """Return a predictor's file that keeps the contract but for some of its members."""
    module = ModuleType("tgnas.methods.predictors.nothing")
    whole = {
        "CARD": Card(title="nothing", reference="this test", needs="nothing"),
        "Settings": Settings,
        "fit": lambda sources, settings, context, generator: None,
        "restore": lambda state, settings, context: None,
    }
    for name, member in (whole | members).items():
        if member is not None:
            setattr(module, name, member)
    return module


@pytest.mark.parametrize(("kind", "name"), MEMBERS)
def test_a_member_keeps_the_whole_contract_of_its_family(kind, name):
    family = HELD[kind]
    check(family.module(name), family.contract)


@pytest.mark.parametrize(("kind", "name"), METHODS)
def test_a_members_card_says_what_it_is_and_where_it_comes_from(kind, name):
    card = HELD[kind].module(name).CARD
    assert card.title
    assert card.reference
    assert card.needs


@pytest.mark.parametrize(("kind", "name"), WITH_SETTINGS)
def test_every_setting_of_a_method_has_a_default_and_a_meaning(kind, name):
    model = HELD[kind].settings(name)
    model()
    assert all(field.description for field in model.model_fields.values())


@pytest.mark.parametrize("kind", FAMILIES)
def test_listing_a_family_imports_none_of_its_members(kind):
    code = f"""
import sys
from tgnas import registry
family = next(f for f in vars(registry).values() if getattr(f, "kind", "") == {kind!r})
family.names()
print(sorted(m for m in sys.modules if m.startswith((family.package, "torch"))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(eval(done.stdout)) <= {FAMILIES[kind].package}


def test_the_settings_of_a_predictor_are_read_without_torch():
    code = "import sys; from tgnas.registry import PREDICTORS; PREDICTORS.settings('tgnas')"
    code += "; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_importing_a_predictor_needs_no_dgl():
    code = "import sys; sys.modules['dgl'] = None; from tgnas.methods.predictors import tgnas"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_file_that_keeps_the_contract_passes():
    check(method(), PREDICTORS.contract)


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("restore", None, r"there is no function restore\(state, settings, context\)"),
        ("fit", lambda sources, settings: None, r"fit\(sources, settings\) must be fit\(sources"),
        ("fit_epochs", lambda sources: None, r"fit_epochs\(sources\) must be fit_epochs\(sources,"),
        ("ON_DEVICE", "cuda", "ON_DEVICE must be a bool"),
        ("CARD", None, "CARD must be a Card"),
        ("Settings", dict, "Settings must be a pydantic model, frozen, that forbids extra keys"),
    ],
)
def test_what_a_file_lacks_is_named(member, value, message):
    with pytest.raises(ContractError, match=f"tgnas.methods.predictors.nothing: {message}"):
        check(method(**{member: value}), PREDICTORS.contract)


def test_a_file_that_breaks_the_contract_is_refused_when_it_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "tgnas.methods.predictors.tgnas", method(restore=None))
    with pytest.raises(ContractError, match="there is no function restore"):
        PREDICTORS.module("tgnas")


def test_an_unknown_member_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"unknown predictor 'tgnsa' \(did you mean 'tgnas'"):
        PREDICTORS.module("tgnsa")


def test_an_unknown_setting_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'penaltie' \(did you mean 'penalty'\?\)"):
        read_settings(Settings, {"penaltie": 1})


def test_a_setting_of_another_type_is_refused():
    with pytest.raises(ConfigError, match="penalty: 'much' is not allowed; it should be a number"):
        read_settings(Settings, {"penalty": "much"})


def test_a_family_without_a_folder_has_its_contract_all_the_same():
    for name in ("HypernetworkMethod", "GeneratorMethod"):
        assert getattr(contracts, name).__annotations__["CARD"] is Card


@pytest.mark.parametrize("name", STUDIES.names())
def test_a_study_says_what_it_reads_and_has_parts_of_different_names(name):
    config = read_config(yaml.safe_load((ROOT / "config" / "config.yaml").read_text()))
    module, settings = STUDIES.module(name), config.study(name)
    parts = module.parts(settings)
    assert parts and len(set(parts)) == len(parts)
    files = [
        f for v in module.inputs(settings).values() for f in ([v] if isinstance(v, str) else v)
    ]
    assert all(file == "<images>" or file.startswith(("<", "config/")) for file in files)
    loaded = module.loaded(settings) if hasattr(module, "loaded") else []
    assert all(map(util.find_spec, loaded))
    shipped = module.shipped(settings) if hasattr(module, "shipped") else []
    assert all(map(weights_digest, shipped))
    assert bool(shipped) == ("load_pretrained" in Path(module.__file__).read_text())


def test_what_was_not_reached_is_said_of_methods_that_there_are_in_full_sentences():
    families = {f.package.rpartition(".")[2]: f for f in vars(registry).values() if is_methods(f)}
    said = yaml.safe_load((ROOT / "src/tgnas/methods/not_reached.yaml").read_text())
    for folder, methods in said.items():
        for name, sentences in methods.items():
            assert name in families[folder].names()
            assert not_reached.not_reached(families[folder], name) == tuple(sentences)
            assert all(sentence[0].isupper() and sentence[-1] == "." for sentence in sentences)


def is_methods(family: object) -> bool:
    return isinstance(family, Family) and family.package.startswith("tgnas.methods.")
