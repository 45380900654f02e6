"""The wheel and the source distribution: built, installed without the repository, and used."""

import csv
import hashlib
import io
import itertools
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import tgnas

ROOT = Path(__file__).parents[1]
ARCHITECTURES = [
    "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_1x1~2|",
    "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|",
    "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|",
]
# What the extra `workflow` brings, and the command does without.
WORKFLOW_ONLY = ("dgl", "snakemake", "tabulate", "nas_bench_graph", "mkdocs", "pytest")
EVERY_COMMAND = """
import sys
from tgnas.cli import app

for arguments in {commands!r}:
    print("tgnas", *arguments, file=sys.stderr)
    app(arguments, standalone_mode=False)
"""


def run(*command: object, cwd: Path, given: str | None = None) -> str:
    """Return what a command prints, without any variable that leads to the checkout."""
    kept = {"PATH", "LANG", "TMPDIR"}
    environment = {name: value for name, value in os.environ.items() if name in kept}
    environment |= {"HOME": str(cwd), "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(source: Path, to: Path, *kinds: str) -> list[Path]:
    """Build distributions of a folder with the back end that is installed."""
    command = (sys.executable, "-m", "build", "--no-isolation", "--outdir", to, *kinds, source)
    run(*command, cwd=source)
    return sorted(to.iterdir())


def needed(name: str, extra: str = "") -> dict[str, metadata.Distribution]:
    """Return an installed distribution and all that it requires, by name."""
    found: dict[str, metadata.Distribution] = {}
    left = [(name, extra)]
    while left:
        name, extra = left.pop()
        distribution = metadata.distribution(name)
        found[canonicalize_name(name)] = distribution
        for requirement in map(Requirement, distribution.requires or []):
            marker = requirement.marker
            if marker is None or marker.evaluate({"extra": extra}):
                wanted = [(requirement.name, each) for each in (requirement.extras or {""})]
                left += [each for each in wanted if canonicalize_name(each[0]) not in found]
    return found


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the source distribution is made of, as a clean checkout has it."""
    folder = tmp_path_factory.mktemp("source")
    lines = [line.split() for line in (ROOT / "MANIFEST.in").read_text().splitlines()]
    listed = [name for verb, *names in lines if verb in ("include", "graft") for name in names]
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in [*listed, "src", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"]:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build the source distribution, and the wheel from it: (wheel, sdist)."""
    wheel, sdist = build(source, tmp_path_factory.mktemp("built"))
    assert (wheel.suffix, sdist.suffix) == (".whl", ".gz")
    return wheel, sdist


@pytest.fixture(scope="module")
def installed(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a virtual environment with its requirements and nothing else.

    The requirements are links to what is installed here already: torch alone is 200 MB.
    """
    folder = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    (site,) = folder.glob("lib/python*/site-packages")
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin/python")
    run(*pip, "install", "--no-deps", "--no-index", built[0], cwd=folder.parent)
    with zipfile.ZipFile(built[0]) as archive:
        (about,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        lines = re.findall(r"^Requires-Dist: (.*)$", archive.read(about).decode(), re.MULTILINE)
    core = [each for each in map(Requirement, lines) if each.marker is None]
    for requirement in core:
        for distribution in needed(requirement.name).values():
            tops = {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}
            for top in tops:
                if not (site / top).exists():
                    (site / top).symlink_to(distribution.locate_file(top))
    run(*pip, "check", cwd=folder.parent)
    return folder


@pytest.fixture(scope="module")
def own_space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder but for a search space and labelled architectures of it."""
    folder = tmp_path_factory.mktemp("empty")
    for name in ("own_space.yaml", "own_architectures.csv"):
        shutil.copy(ROOT / "examples" / name, folder / name)
    with (folder / "labelled.csv").open("w", newline="") as file:
        operators = ("nor_conv_3x3", "nor_conv_1x1", "skip_connect", "avg_pool_3x3")
        cells = [
            f"|{one}~0|+|{other}~0|none~1|+|none~0|{one}~1|{other}~2|"
            for one, other in itertools.product(operators, operators)
        ]
        rows = [(cell, 93.0 - place) for place, cell in enumerate(cells)]
        csv.writer(file).writerows([("architecture", "accuracy"), *rows])
    return folder


def test_the_wheel_holds_every_file_of_the_package_and_no_other(built):
    package = ROOT / "src/tgnas"
    files = {f"tgnas/{path.relative_to(package)}" for path in package.rglob("*") if path.is_file()}
    expected = {name for name in files if "__pycache__" not in name}
    names = zipfile.ZipFile(built[0]).namelist()
    assert {name for name in names if ".dist-info/" not in name} == expected


def test_the_wheel_from_the_checkout_is_the_wheel_from_the_source_distribution(
    source, built, tmp_path
):
    (direct,) = build(source, tmp_path / "dist", "--wheel")
    both = [zipfile.ZipFile(path) for path in (direct, built[0])]
    first, second = ({each.filename: each.CRC for each in file.infolist()} for file in both)
    assert first == second


def test_the_source_distribution_is_the_whole_project_without_benchmark_data(built):
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for part in ("Snakefile", "rules/common.smk", "config/config.yaml", "tests/conftest.py",
                 "docs/index.md", "workflow/scripts/train_predictor.py", "constraints.txt",
                 ".github/workflows/ci.yml", "examples/own_space.yaml"):  # fmt: skip
        assert part in names
    assert not {name.partition("/")[0] for name in names} & {"resources", "logs", ".git", "site"}
    assert {Path(name).parts[1] for name in names if name.startswith("results/")} == {"paper"}


def test_the_metadata_say_what_one_must_know(built):
    with zipfile.ZipFile(built[0]) as archive:
        (about,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        text = archive.read(about).decode()
    assert "\nLicense-Expression: MIT\n" in text
    assert "\nRequires-Python: <3.15,>=3.11\n" in text
    assert f"\nVersion: {tgnas.__version__}\n" in text
    assert "\nDescription-Content-Type: text/markdown\n" in text
    extras = set(re.findall(r"^Provides-Extra: (.*)$", text, re.MULTILINE))
    assert extras == {"workflow", "docs", "dev", "export", "generators", "mpnet", "sbom", "slurm"}


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == tgnas.__version__
    assert f"\n## [{tgnas.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_what_is_installed_is_not_the_checkout(installed, tmp_path):
    code = "import tgnas; print(tgnas.__file__)"
    found = Path(run(installed / "bin/python", "-c", code, cwd=tmp_path).strip())
    assert found.is_relative_to(installed.resolve())
    assert not found.resolve().is_relative_to(ROOT.resolve())


def test_what_the_workflow_alone_needs_is_not_required(installed, tmp_path):
    code = "from importlib.util import find_spec; import sys; print(*map(find_spec, sys.argv[1:]))"
    found = run(installed / "bin/python", "-c", code, *WORKFLOW_ONLY, cwd=tmp_path)
    assert set(found.split()) == {"None"}


def test_the_command_scores_what_it_is_piped_with_the_shipped_weights(installed, own_space):
    given = "architecture\n" + "\n".join(ARCHITECTURES) + "\n"
    command = (installed / "bin/tgnas", "score", "--space", "nasbench201", "--architectures", "-")
    rows = list(csv.DictReader(io.StringIO(run(*command, cwd=own_space, given=given))))
    expected = tgnas.load_pretrained().score(ARCHITECTURES, space="nasbench201")
    assert [row["architecture"] for row in rows] == ARCHITECTURES
    assert [float(row["score"]) for row in rows] == pytest.approx(list(expected), abs=1e-6)


def test_the_command_says_its_version_and_its_spaces(installed, tmp_path):
    command = installed / "bin/tgnas"
    assert run(command, "--version", cwd=tmp_path) == f"tgnas {tgnas.__version__}\n"
    assert "15,625" in run(command, "spaces", cwd=tmp_path)


def test_the_library_loads_every_shipped_predictor(installed, tmp_path):
    code = f"""
import json, tgnas
from tgnas.inference.asked import available
score = lambda name: list(tgnas.load_pretrained(name).score({ARCHITECTURES!r}, "nasbench201"))
print(json.dumps({{name: score(name) for name in available()}}))
"""
    found = json.loads(run(installed / "bin/python", "-c", code, cwd=tmp_path))
    assert found.keys() >= {"canonical", "canonical_mean", "code"}
    assert all(len(set(scores)) == 3 for scores in found.values())


def test_every_command_works_with_the_declared_requirements(installed, own_space):
    scored = ["--space", "nasbench201", "--architectures", "labelled.csv"]
    own = ["--space", "own_space.yaml", "--architectures", "own_architectures.csv"]
    commands = [
        ["methods"],
        ["rank", *scored, "--top", "1"],
        ["evaluate", *scored, "--accuracy-column", "accuracy", "--output", "measures.json"],
        ["search", "--space", "nasbench201", "--budget", "100", "--searcher", "random"],
        ["train", "--benchmark", "labelled.csv", "--space", "nasbench201",
         "--output", "mine.safetensors", "--seeds", "1", "--epochs", "2"],
        ["describe", ARCHITECTURES[0], "--space", "nasbench201", "--png", "cell.png"],
        ["space", "check", "own_space.yaml"],
        ["score", *own, "--output", "scores.csv"],
    ]  # fmt: skip
    run(installed / "bin/python", "-c", EVERY_COMMAND.format(commands=commands), cwd=own_space)
    made = {"measures.json", "mine.safetensors", "cell.png", "scores.csv"}
    assert made <= {path.name for path in own_space.iterdir()}


def test_the_help_needs_no_torch(installed, tmp_path):
    code = """
import sys
from tgnas.cli import app
app(["--help"], standalone_mode=False)
print(*sorted({"torch", "scipy", "pandas", "matplotlib", "transformers"} & set(sys.modules)))
"""
    assert run(installed / "bin/python", "-c", code, cwd=tmp_path).splitlines()[-1] == ""


def test_the_bill_of_materials_holds_what_a_run_needs_with_digests_and_licences():
    bill = runpy.run_path(str(ROOT / ".ci/sbom"))
    names = bill["needed"]()
    assert {"torch", "snakemake", "scikit-learn", "pulp"} <= names
    assert not {"pytest", "mypy", "mkdocs", "cyclonedx-bom"} & names
    parts = {part["name"]: part for part in bill["files"]()}
    for path in (ROOT / "src/tgnas/weights").glob("*.safetensors"):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        assert parts[f"tgnas/weights/{path.name}"]["hashes"][0]["content"] == content
    assert all(part["licenses"][0]["license"]["name"] for part in parts.values())
    assert len(parts) > 50
