"""Families of methods: a folder is a family, a file in it is a member.

A file ``synflow.py`` in ``methods/proxies/`` that defines the family's export *is* the proxy
``synflow``: in the config, in a wildcard, in a path and in a table. There is no other list.
"""

import pkgutil
from dataclasses import dataclass
from importlib import import_module, resources
from types import ModuleType
from typing import Any

from tgnas.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Family:
    """The members of one package.

    Attributes:
        kind: what one member is called in an error message, e.g. "proxy".
        package: dotted name of the folder.
        export: the function or class that every member defines.
    """

    kind: str
    package: str
    export: str

    def names(self) -> list[str]:
        """Return the members' names in alphabetic order; imports none of them."""
        folder = str(resources.files(self.package))
        found = (module.name for module in pkgutil.iter_modules([folder]))
        return sorted(name for name in found if not name.startswith("_") and name != "base")

    def module_name(self, name: str) -> str:
        """Return the dotted name of a member's module.

        Raises:
            UnknownNameError: the folder has no such file.
        """
        if name not in self.names():
            raise UnknownNameError(self.kind, name, self.names())
        return f"{self.package}.{name}"

    def module(self, name: str) -> ModuleType:
        """Return a member's module, e.g. for its card."""
        return import_module(self.module_name(name))

    def load(self, name: str) -> Any:
        """Return what the member exports."""
        return getattr(self.module(name), self.export)


SPACES = Family("space", "tgnas.spaces", "SPACE")
BENCHMARKS = Family("benchmark", "tgnas.benchmarks", "BENCHMARK")
NETWORKS = Family("network", "tgnas.networks", "count_parameters")
PROXIES = Family("proxy", "tgnas.methods.proxies", "score")
PREDICTORS = Family("predictor", "tgnas.methods.predictors", "fit")
SEARCHERS = Family("searcher", "tgnas.methods.searchers", "search")
