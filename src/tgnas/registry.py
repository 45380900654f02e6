"""Families of methods: a folder is a family, a file in it is a member.

A file ``synflow.py`` in ``methods/network_proxies/`` that defines the export of its family *is* the
proxy ``synflow``: in the config, in a wildcard, in a path and in a table. There is no other list.
Before a member is used it is held to its family's contract.
"""

import ast
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from types import ModuleType
from typing import Any

from tgnas.errors import UnknownNameError

CONTRACTS = "tgnas.methods.contracts"


@dataclass(frozen=True, slots=True)
class Family:
    """The members of one package.

    Attributes:
        kind: what one member is called in an error message, e.g. "graph proxy".
        package: dotted name of the folder.
        export: the function or class that makes a file a member.
        contract: the class of ``tgnas.methods.contracts`` that every member is held to.
        data: the ending of files that are members without a module; none if empty.
    """

    kind: str
    package: str
    export: str
    contract: str = ""
    data: str = ""

    def names(self) -> list[str]:
        """Return the members' names in alphabetic order; imports none of them."""
        return list(_members(self.package, self.export, self.data))

    def module_name(self, name: str) -> str:
        """Return the dotted name of a member's module.

        Raises:
            UnknownNameError: the folder has no such file.
        """
        if name not in self.names():
            raise UnknownNameError(self.kind, name, self.names())
        return f"{self.package}.{name}"

    def module(self, name: str) -> ModuleType:
        """Return a member's module.

        Raises:
            ContractError: it does not define what the family's contract asks for.
        """
        module = import_module(self.module_name(name))
        if self.contract:
            contracts = import_module(CONTRACTS)
            contracts.check(module, getattr(contracts, self.contract))
        return module

    def load(self, name: str) -> Any:
        """Return what the member exports."""
        return getattr(self.module(name), self.export)

    def settings(self, name: str) -> Any:
        """Return a method's Settings; where its file imports them, that file alone is imported."""
        for node in _tree(_folder(self.package) / name).body:
            if isinstance(node, ast.ImportFrom) and "Settings" in {n.name for n in node.names}:
                return import_module(str(node.module)).Settings
        return self.module(name).Settings


@cache
def _members(package: str, export: str, data: str) -> tuple[str, ...]:
    """Return the names of the files of a package that define `export`, and of its data files."""
    folder = _folder(package)
    modules = [module.name for module in pkgutil.iter_modules([str(folder)])]
    members = {n for n in modules if not n.startswith("_") and export in _defined(folder / n)}
    return tuple(sorted(members | {file.stem for file in folder.glob(f"*{data}") if data}))


def _folder(package: str) -> Path:
    return Path(str(resources.files(package)))


def _tree(module: Path) -> ast.Module:
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    return ast.parse(file.read_text())


def _defined(module: Path) -> set[str]:
    """Return the names that a module's functions, classes and assignments give; none are run."""
    names: set[str] = set()
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


SPACES = Family("space", "tgnas.spaces", "SPACE", data=".yaml")
BENCHMARKS = Family("benchmark", "tgnas.benchmarks", "build")
COSTS = Family("space with counted costs", "tgnas.costs", "count_parameters")
NETWORKS = Family("torch network", "tgnas.networks", "build_network")
GRAPH_PROXIES = Family("graph proxy", "tgnas.methods.graph_proxies", "score")
NETWORK_PROXIES = Family("network proxy", "tgnas.methods.network_proxies", "score_network")
PREDICTORS = Family("predictor", "tgnas.methods.predictors", "fit", "PredictorMethod")
SEARCHERS = Family("searcher", "tgnas.methods.searchers", "search")
RESULTS = Family("result", "tgnas.results", "TITLE")
