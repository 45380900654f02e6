"""Each layer imports only what stands before it."""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
# Modules of one line may import each other; a package stands for all that is in it.
LAYERS = (
    ("tgnas.errors",),
    ("tgnas.files", "tgnas.operators", "tgnas.cell", "tgnas.processes", "tgnas.validation"),
    ("tgnas.registry", "tgnas.datasets"),
    ("tgnas.spaces",),
    ("tgnas.costs",),
    ("tgnas.networks",),
    ("tgnas.resources",),
    ("tgnas.benchmarks",),
    ("tgnas.encodings",),
    ("tgnas.training",),
    ("tgnas.image_training", "tgnas.text"),
    ("tgnas.methods",),
    ("tgnas.scoring",),
    ("tgnas.searching",),
    ("tgnas.evaluation",),
    ("tgnas.few_labels",),
    ("tgnas.inference",),
    ("tgnas.studies",),
    ("tgnas.workflow",),
    ("tgnas.results",),
    ("tgnas.page",),
    ("tgnas.cli",),
    ("tgnas.__main__",),
)
FILES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.glob("tgnas/**/*.py"))
}
MODULES = sorted(FILES.keys() - {"tgnas"})


def layer(module: str) -> int:
    """Return the number of a module's layer; -1 where it has none."""
    parts = module.split(".")
    names = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return next((n for n, members in enumerate(LAYERS) if names & set(members)), -1)


def imports(module: str) -> set[str]:
    """Return the modules of this package that a module imports, in functions too."""
    imported = set()
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            imported |= members & FILES.keys() or {str(node.module)}
    return {name for name in imported if name.split(".")[0] == "tgnas"}


def family(module: str) -> str | None:
    """Return the folder below tgnas.methods that a module stands in."""
    parts = module.split(".")
    return parts[2] if parts[1] == "methods" and len(parts) > 3 else None


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_layer(module):
    assert layer(module) >= 0


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_no_later_layer(module):
    later = [name for name in imports(module) if layer(name) > layer(module)]
    assert not later


@pytest.mark.parametrize("module", MODULES)
def test_imports_are_absolute(module):
    nodes = ast.walk(ast.parse(FILES[module].read_text()))
    assert not [n.lineno for n in nodes if isinstance(n, ast.ImportFrom) and n.level]


@pytest.mark.parametrize("module", [name for name in MODULES if family(name)])
def test_a_family_of_methods_imports_no_other(module):
    assert {family(name) for name in imports(module)} <= {family(module), None}


PACKAGES = [module for module in FILES if FILES[module].name == "__init__.py"]


@pytest.mark.parametrize("module", [module for module in PACKAGES if module != "tgnas"])
def test_a_package_file_holds_no_logic(module):
    body = ast.parse(FILES[module].read_text()).body
    # The command's entry point is named there; nothing else is imported by a package file.
    allowed = ast.Expr | ast.Assign | (ast.ImportFrom if module == "tgnas.cli" else ast.Expr)
    assert all(isinstance(node, allowed) for node in body)


def test_the_packages_own_file_holds_nothing_but_its_public_names():
    body = ast.parse(FILES["tgnas"].read_text()).body
    functions = [node.name for node in body if isinstance(node, ast.FunctionDef)]
    assert functions == ["__getattr__", "__dir__"]  # so that importing tgnas does not import torch
    assert not [node for node in body if isinstance(node, ast.ClassDef)]


def test_the_walk_sees_the_imports_that_are_there():
    assert "tgnas.operators" in imports("tgnas.cell")
    assert "tgnas.methods.graph_proxies.params" in imports(
        "tgnas.methods.graph_proxies.effective_params"
    )
    assert layer("tgnas.methods.graph_proxies.params") > layer("tgnas.cell")


def test_the_walks_of_the_docs_have_seven_steps_and_name_what_there_is():
    text = (SOURCE.parent / "docs/architecture.md").read_text()
    steps = re.findall(r"^(\d)\. \[.*?\]\(\.\./(src/tgnas/.*?\.py)\), `(.*?)`:", text, re.M)
    assert [int(number) for number, _, _ in steps] == 2 * [*range(1, 8)]
    for _, path, name in steps:
        nodes = ast.walk(ast.parse((SOURCE.parent / path).read_text()))
        assert name.split(".")[-1] in {getattr(node, "name", "") for node in nodes}, path
