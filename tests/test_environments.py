"""The files that set up other machines say the same as those that set up this one."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from test_packaging import needed

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
ENVIRONMENT = yaml.safe_load((ROOT / "workflow/envs/tgnas.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
PYTHON = "3.11"


def pins(lines: list[str]) -> dict[str, str]:
    """Return the version of each pinned package by its canonical name."""
    pairs = (line.split("==") for line in lines)
    return {canonicalize_name(name): version for name, version in pairs}


CONSTRAINTS = pins((ROOT / "constraints.txt").read_text().split())
(CONDA_PIP,) = (entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))
IN_CONDA = pins(CONDA_PIP["pip"])


@pytest.mark.parametrize(
    "text", [*PROJECT["dependencies"], *(r for e in EXTRAS.values() for r in e)]
)
def test_every_requirement_is_pinned_to_a_version_that_it_allows(text):
    requirement = Requirement(text)
    if requirement.name == "tgnas":
        assert requirement.extras <= EXTRAS.keys()
        return
    assert Version(CONSTRAINTS[canonicalize_name(requirement.name)]) in requirement.specifier


def test_the_conda_environment_has_the_pins_that_are_tested():
    assert {name: CONSTRAINTS.get(name) for name in IN_CONDA} == IN_CONDA


def test_the_conda_environment_has_all_that_the_workflow_requires():
    found = set()
    for requirement in map(Requirement, [*PROJECT["dependencies"], *EXTRAS["workflow"]]):
        for extra in requirement.extras or {""}:
            found |= needed(requirement.name, extra).keys()
    assert found - IN_CONDA.keys() == set()


def test_every_machine_has_the_python_that_is_supported():
    assert PROJECT["requires-python"].startswith(f">={PYTHON},")
    assert f"python={PYTHON}" in ENVIRONMENT["dependencies"]
    assert re.search(rf"^FROM python:{re.escape(PYTHON)}-slim", DOCKERFILE, re.MULTILINE)
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        versions = re.findall(r'python-version: "(.*)"', path.read_text())
        assert set(versions) <= {PYTHON}


def test_the_package_is_tried_on_every_python_that_it_allows():
    matrix = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    tried = matrix["jobs"]["package"]["strategy"]["matrix"]["python"]
    named = [line.rpartition(":: ")[2] for line in PROJECT["classifiers"] if "Python :: " in line]
    assert tried == named
    allowed = Requirement(f"python{PROJECT['requires-python']}").specifier
    assert [minor for minor in range(30) if f"3.{minor}" in allowed] == [11, 12, 13, 14]


def test_only_what_needs_dgl_is_bound_to_one_python():
    bound = [r for r in map(Requirement, EXTRAS["workflow"]) if "python" in str(r.marker)]
    assert [r.name for r in bound] == ["dgl"]
    assert not [r for r in map(Requirement, PROJECT["dependencies"]) if r.marker]


@pytest.mark.parametrize("path", sorted((ROOT / "rules").glob("*.smk")), ids=lambda p: p.stem)
def test_every_rule_that_runs_a_script_names_the_conda_environment(path):
    rules = re.split(r"^rule ", path.read_text(), flags=re.MULTILINE)[1:]
    named = 'conda:\n        "../workflow/envs/tgnas.yaml"\n'
    lacking = [rule.split(":")[0] for rule in rules if "    script:" in rule and named not in rule]
    assert lacking == []


def test_the_image_runs_the_command_as_a_user_without_rights():
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE)[-1] == "1000"
    assert re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE) == ['["tgnas"]']


def test_what_the_image_copies_is_there_and_no_benchmark_data_are_among_it():
    ignored = set((ROOT / ".dockerignore").read_text().split())
    assert {"resources", "results", ".git", ".venv"} <= ignored
    copied = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ")]
    sources = [name for names in copied for name in names if not name.startswith("--")]
    assert "constraints.txt" in sources
    assert all((ROOT / name).exists() and name not in ignored for name in sources)


def test_what_admits_a_change_admits_a_release():
    for name in ("ci", "release"):
        jobs = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())["jobs"]
        first = next(iter(jobs.values()))
        assert "bash .ci/run" in [step.get("run") for step in first["steps"]]
        assert all(first is job or "needs" in job for job in jobs.values())


def test_the_citation_has_what_the_format_requires():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert citation.keys() >= {"message", "title", "authors", "version", "license", "references"}
    (paper,) = citation["references"]
    assert paper["url"] == PROJECT["urls"]["Paper"]
    assert paper.keys() >= {"type", "title", "authors", "year"}
