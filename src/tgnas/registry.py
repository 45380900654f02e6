"""Families of methods: a folder is a family, a file in it is a member.

A file ``synflow.py`` in ``methods/network_proxies/`` that defines the export of its family *is* the
proxy ``synflow``: in the config, in a wildcard, in a path and in a table. There is no other list.
Before a member is used it is held to its family's contract.

Methods may also stand outside of the package, in folders that hold a folder for each family:
those that the environment variable ``TGNAS_METHODS`` names (the config's ``methods`` adds to it),
and the packages that installed distributions name by an entry point of the group
``tgnas.methods``. They are walked like the package's own.
"""

import ast
import inspect
import logging
import os
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, wraps
from importlib import import_module, metadata, resources, util
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from tgnas.errors import (
    ConfigError,
    ContractError,
    TgnasError,
    UnknownNameError,
    cut,
    nearest,
    shown,
    words_of,
)
from tgnas.processes import TerminatedError

logger = logging.getLogger(__name__)
PACKAGE = "tgnas"
OUTSIDE, METHODS = "TGNAS_METHODS", "tgnas.methods"
CONTRACTS, LIGHT = "tgnas.methods.contracts", "tgnas.methods.light_contracts"
CARDS = "tgnas.methods.card"
WITH_WORDS = ("NetworkProxyMethod", "SequenceProxyMethod")  # whose cards are NetworkCards
SEARCHED = ("scores", "labels", "scores or labels")  # what cards of searchers say that they need
WITHIN = "settings_within"  # the function of a searcher that makes settings of a budget


@dataclass(frozen=True, slots=True)
class Family:
    """The members of one package.

    Attributes:
        kind: what one member is called in an error message, e.g. "graph proxy".
        package: dotted name of the folder.
        export: the function or class that makes a file a member.
        contract: dotted name of the protocol that every member is held to.
        data: the ending of files that are members without a module; none if empty.
    """

    kind: str
    package: str
    export: str
    contract: str = ""
    data: str = ""

    def names(self) -> list[str]:
        """Return the members' names in alphabetic order; imports none of them."""
        return list(_members(folders_of(self.package), self.export, self.data))

    def module_name(self, name: str) -> str:
        """Return the dotted name of a member's module.

        Raises:
            UnknownNameError: the folder has no such file.
        """
        if name not in self.names():
            raise UnknownNameError(self.kind, name, self.names())
        return f"{self.package}.{name}"

    def module(self, name: str) -> ModuleType:
        """Return a member's module, whose scores are held to what they are asked of.

        Raises:
            ContractError: it does not define what the family's contract asks for, or stands outside
                of the package and cannot be imported.
        """
        module = _imported(self._found(name), self.package)
        if self.contract:
            check(module, self.contract)
        if _file_outside(module):
            _hold_scorers(module)
            if not self.contract.endswith(WITH_WORDS):  # what fails on a network has no score
                _hold_functions(module, self.contract)
        return module

    def _found(self, name: str) -> str:
        """Return a member's module name, which can be imported from outside of the package, too."""
        path = import_module(self.package).__path__
        for folder in folders_of(self.package)[1:]:
            if str(folder) not in path:
                path.append(str(folder))
        return self.module_name(name)

    def load(self, name: str) -> Any:
        """Return what the member exports; a proxy's scores are held to what it was given."""
        module = self.module(name)
        export = getattr(module, self.export)
        called = _file_outside(module) or f"{self.kind} {name!r}"
        return _held(export, called, module) if self.export == "score" else export

    def settings(self, name: str) -> Any:
        """Return a method's Settings; where its file imports them, that file alone is imported."""
        self._found(name)  # what it imports beside it can be imported, too
        elsewhere, own = _imported_from(self.package, name, "Settings")
        return getattr(import_module(elsewhere) if elsewhere else self.module(name), own)

    def needs(self, name: str) -> str | None:
        """Return what a method's card says that it needs; its file is read and not imported.

        None where the file does not say it as a text in its `CARD`.
        """
        for node in _tree(_place(folders_of(self.package), name)).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                named = {target.id for target in node.targets if isinstance(target, ast.Name)}
                given = {word.arg: word.value for word in node.value.keywords}
                needs = given.get("needs") if "CARD" in named else None
                if isinstance(needs, ast.Constant) and isinstance(needs.value, str):
                    return needs.value
        return None


def _imported(name: str, family: str) -> ModuleType:
    """Return the module of a family's member; what one outside of the package raises is a line.

    Raises:
        ContractError: the file and line outside, and what was raised there.
    """
    try:
        return import_module(name)
    except TerminatedError:  # SIGTERM came meanwhile
        raise
    except (Exception, SystemExit) as error:  # the file is the user's, and may raise anything
        place = _place(folders_of(family), name.rpartition(".")[2])
        frames = traceback.extract_tb(error.__traceback__)
        theirs = [frame for frame in frames if Path(frame.filename).is_relative_to(place.parent)]
        if place.is_relative_to(_own_folder(PACKAGE)) or not theirs:
            raise
        where = f"{theirs[-1].filename}:{theirs[-1].lineno}"
        raise ContractError(f"{where}: cannot be imported: {words_of(error)}") from error


def _file_outside(module: ModuleType) -> str:
    """Return the file of a module that stands outside of the package; empty for others."""
    file = getattr(module, "__file__", None) or ""
    return "" if not file or Path(file).is_relative_to(_own_folder(PACKAGE)) else file


def check(module: ModuleType, contract: str) -> None:
    """Refuse a module that does not define what its family's contract asks for.

    The contract's annotations are what a member holds, its methods what it defines; those of the
    protocols that the contract's module lists in ``OPTIONAL`` may be missing.

    Raises:
        ContractError: what is missing, or of another kind or signature.
    """
    where, _, name = contract.rpartition(".")
    namespace = vars(import_module(where))
    faults = []
    others = namespace.get("OPTIONAL", {}).get(namespace[name], ())
    may_hold = {m: kind for part in others for m, kind in get_type_hints(part).items()}
    for member, kind in (get_type_hints(namespace[name]) | may_hold).items():
        value = getattr(module, member, None)
        if value is None and member in may_hold:
            continue
        if not isinstance(value, kind):
            faults.append(f"{member} must be a {kind.__name__}")
        elif member == "Settings" and not _is_settings(value):
            faults.append("Settings must be a pydantic model, frozen, that forbids extra keys")
        elif member == "Settings" and where in (CONTRACTS, LIGHT):
            keys = value.model_fields.items()
            faults += [f"Settings.{key} must have a default" for key, f in keys if f.is_required()]
        elif member == "CARD" and name in WITH_WORDS:
            faults += _faults_of(value)
    required = _functions(namespace[name])
    optional = {n: f for part in others for n, f in _functions(part).items()}
    for member, function in (required | optional).items():
        definition = getattr(module, member, None)
        if definition is None and member in optional:
            continue
        if not callable(definition):
            faults.append(f"there is no function {member}{_signature(function)}")
        elif _signature(definition) != _signature(function):
            faults.append(
                f"{member}{_signature(definition)} must be {member}{_signature(function)}"
            )
    if name == "SearcherMethod" and not faults:
        faults += _faults_of_searcher(module)
    if faults:
        called = _file_outside(module) or module.__name__
        raise ContractError(f"{called}: {'; '.join(faults)}")


def _faults_of_searcher(module: ModuleType) -> list[str]:
    """Return what is wrong with how a searcher is told its budget, and with what it searches by."""
    faults, needs = [], module.CARD.needs
    if needs not in SEARCHED:
        faults.append(f"CARD.needs is {shown(needs)}; known are {', '.join(SEARCHED)}")
    within = getattr(module, WITHIN, None)
    wanted = f"{WITHIN}(space, budget)"
    if within is None and "budget" not in module.Settings.model_fields:
        faults.append(f"Settings must have a key budget, or there must be a function {wanted}")
    if within is not None and not callable(within):
        faults.append(f"{WITHIN} must be a function {wanted}")
    elif within is not None and f"{WITHIN}{_signature(within)}" != wanted:
        faults.append(f"{WITHIN}{_signature(within)} must be {wanted}")
    return faults


def _faults_of(card: Any) -> list[str]:
    """Return what is wrong with the card of a proxy of networks, whose words others read."""
    known = import_module(CARDS)
    if not isinstance(card, known.NetworkCard):
        return ["CARD must be a NetworkCard"]
    words = {
        "needs": (card.needs.split(", "), known.NEEDS),
        "cost": ([card.cost], known.COSTS),
        "requires": (card.requires, known.REQUIREMENTS),
    }
    return [
        f"CARD.{key} has {word!r}{nearest(word, allowed)}; known are {', '.join(allowed)}"
        for key, (given, allowed) in words.items()
        for word in given
        if word not in allowed
    ]


@cache
def _hold_scorers(module: ModuleType) -> None:
    """Have the scores checked that the classes of a file give of architectures."""
    for one in vars(module).values():
        score = vars(one).get("score") if isinstance(one, type) else None
        if score and one.__module__ == module.__name__:
            file, called = _file_outside(module), f"{one.__name__}.score"
            one.score = _held_method(_told(score, file, called), f"{file}: {called}")


@cache
def _hold_functions(module: ModuleType, contract: str) -> None:
    """Have what the functions of a file outside of the package raise told in a line."""
    where, _, name = contract.rpartition(".")
    for member in [*_functions(vars(import_module(where))[name]), WITHIN]:
        if callable(function := getattr(module, member, None)):
            setattr(module, member, _told(function, _file_outside(module), member))


def _told(function: Callable[..., Any], file: str, called: str) -> Callable[..., Any]:
    """Return a function of a file outside of the package; what it raises is a line with its place.

    An error of this package's is such a line already, and one of memory or of a file is told as
    it is everywhere.
    """

    @wraps(function)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (TgnasError, MemoryError, OSError):
            raise
        except Exception as error:  # the function is the user's, and may raise anything
            frames = traceback.extract_tb(error.__traceback__)
            folder = Path(file).parent
            theirs = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
            where = f"{theirs[-1].filename}:{theirs[-1].lineno}" if theirs else file
            logger.info("%s of %s failed", called, file, exc_info=True)
            raise ContractError(f"{where}: {called} raises {words_of(error)}") from error

    return told


def _held_method(score: Callable[..., Any], called: str) -> Callable[..., Any]:
    """Return the method of a scorer that gives one number for each architecture."""

    @wraps(score)
    def held(self: Any, architectures: Any) -> Any:
        values = score(self, architectures)
        _hold_to(values, len(architectures), called)
        return values

    return held


def _hold_to(values: Any, wanted: int, called: str, *, alone: bool = False) -> None:
    """Refuse what is not so many numbers; where one stands alone its shape does not matter."""
    import numpy as np  # noqa: PLC0415  # listing a family needs none

    found = np.asarray(values)
    if found.dtype.kind not in "biuf":
        raise ContractError(f"{called} gives {shown(values)}, not numbers")
    if found.shape != (wanted,) and not (alone and found.size == wanted == 1):
        raise ContractError(f"{called} gives shape {found.shape}, not {(wanted,)}")


def _held(score: Callable[..., Any], called: str, module: ModuleType) -> Callable[..., Any]:
    """Return a proxy that gives a number for each architecture, or for each of its components.

    A proxy of networks is given one network; what has a length is architectures.
    """

    @wraps(score)
    def held(given: Any, *args: Any, **kwargs: Any) -> Any:
        of_cells = module.__name__.startswith(f"{METHODS}.graph_proxies.")
        components = len(getattr(module, "COMPONENTS", (called,)))
        values = score(given, *args, **kwargs)
        wanted = len(given) if of_cells else components
        _hold_to(values, wanted, f"{called}: score", alone=not of_cells)
        return values

    return held


def _is_settings(model: Any) -> bool:
    config = getattr(model, "model_config", {})
    return bool(config.get("frozen")) and config.get("extra") == "forbid"


def _functions(protocol: type) -> dict[str, Any]:
    functions = inspect.getmembers(protocol, inspect.isfunction)
    return {name: function for name, function in functions if not name.startswith("_")}


def _signature(function: Any) -> str:
    """Return the parameters' names and kinds, without annotations, which may be narrower.

    What a member takes beside them by keyword, with a default, does not count.
    """
    nothing, keyword = inspect.Parameter.empty, inspect.Parameter.KEYWORD_ONLY
    parameters = inspect.signature(function).parameters.values()
    counted = [p for p in parameters if p.kind is not keyword or p.default is nothing]
    return str(inspect.Signature([p.replace(annotation=nothing) for p in counted]))


@cache
def _imported_from(package: str, name: str, member: str) -> tuple[str, str]:
    """Return the module that a file imports a name from, and how it is called there.

    The module is empty where the file defines the name itself.
    """
    for node in _tree(_place(folders_of(package), name)).body:
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            if member == (alias.asname or alias.name):
                where = "." * node.level + (node.module or "")
                return util.resolve_name(where, package), alias.name
    return "", member


@cache
def _members(folders: tuple[Path, ...], export: str, data: str) -> tuple[str, ...]:
    """Return the names of the files of folders that define `export`, and of their data files.

    Raises:
        ConfigError: two folders have a file of one name.
    """
    members: dict[str, Path] = {}
    for folder in folders:
        modules = [module.name for module in pkgutil.iter_modules([str(folder)])]
        own = {n for n in modules if not n.startswith("_") and export in _defined(folder / n)}
        for name in own | {file.stem for file in folder.glob(f"*{data}") if data}:
            if members.setdefault(name, folder) != folder:
                raise ConfigError(f"{folder}: {name!r} is in {members[name]}, too; rename it")
    return tuple(sorted(members))


@cache
def _own_folder(package: str) -> Path:
    return Path(str(resources.files(package)))


def folders_of(package: str) -> tuple[Path, ...]:
    """Return the folders of a package: its own, and of a family of methods those outside."""
    own = _own_folder(package)
    parent, _, family = package.rpartition(".")
    if parent != METHODS:
        return (own,)
    outside = (folder / family for folder in _outside(os.environ.get(OUTSIDE, "")))
    return (own, *(folder for folder in outside if folder.is_dir()))


def add_methods(folders: Iterable[str | Path]) -> None:
    """Add folders of methods for this process and those that it starts.

    Raises:
        ConfigError: one is no folder, or holds no folder of a family.
    """
    known = [name for name in os.environ.get(OUTSIDE, "").split(os.pathsep) if name]
    more = [str(Path(folder).resolve()) for folder in folders]
    os.environ[OUTSIDE] = os.pathsep.join(dict.fromkeys([*known, *more]))
    _outside(os.environ[OUTSIDE])


@cache
def _outside(named: str) -> tuple[Path, ...]:
    """Return the folders that a text names, joined as paths are, and those of entry points.

    Raises:
        ConfigError: one is no folder, cannot be imported, or holds no folder of a family.
    """
    folders = [Path(name).resolve() for name in named.split(os.pathsep) if name]
    for entry in metadata.entry_points(group=METHODS):
        called = f"entry point {METHODS} {entry.name}: {entry.value}"
        try:
            spec = util.find_spec(entry.value)
        except TerminatedError:
            raise
        except (Exception, SystemExit) as error:  # the package above it may raise anything
            raise ConfigError(f"{called} cannot be imported: {words_of(error)}") from error
        if spec is None or not spec.submodule_search_locations:
            raise ConfigError(f"{called} is no package")
        folders += map(Path, spec.submodule_search_locations)
    families = {path.name for path in Path(str(resources.files(METHODS))).iterdir()}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"methods: {folder} is no folder")
        if not any(path.name in families for path in folder.iterdir() if path.is_dir()):
            allowed = ", ".join(sorted(n for n in families if n.isidentifier() and n[0] != "_"))
            raise ConfigError(f"methods: {folder} has no folder of a family; known are {allowed}")
    return tuple(dict.fromkeys(folders))


@cache
def packages() -> frozenset[str]:
    """Return the packages outside of this one that hold methods, by their entry points."""
    named = (entry.value for entry in metadata.entry_points(group=METHODS))
    return frozenset(name.partition(".")[0] for name in named)


def check_outside() -> None:
    """Hold every method that stands outside of the package to its contract.

    Raises:
        ContractError: what is missing, or of another kind or signature, and in which file.
    """
    families = [one for one in globals().values() if isinstance(one, Family) and one.contract]
    for family in families:
        own, *outside = folders_of(family.package)
        for name in family.names() if outside else ():
            if _place((own, *outside), name).parent != own:
                family.module(name)


def _place(folders: tuple[Path, ...], name: str) -> Path:
    """Return where a module stands, without its ending."""
    for folder in folders:
        if (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file():
            return folder / name
    return folders[0] / name


def _tree(module: Path) -> ast.Module:
    """Return the code of a module.

    Raises:
        ContractError: it is no Python.
    """
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    try:
        return ast.parse(file.read_text(), str(file))
    except (SyntaxError, ValueError) as error:  # ValueError: not UTF-8, or a null byte
        raise ContractError(f"{file} is no Python: {cut(str(error))}") from error


def _defined(module: Path) -> set[str]:
    """Return the names that a module's functions, classes and assignments give; none are run."""
    names: set[str] = set()
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def named(name: str) -> Any:
    """Return what ``package.module:object`` names; the working directory is looked in first.

    Raises:
        ConfigError: there is no such thing.
    """
    where, separator, attribute = name.partition(":")
    if not (where and separator and attribute):
        raise ConfigError(f"{name!r} is not of the form package.module:object")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        target: Any = import_module(where)
        for part in attribute.split("."):
            target = getattr(target, part)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{name}: {error}") from error
    except Exception as error:  # the module is the user's, and may raise anything
        raise ConfigError(f"{name}: {words_of(error)}") from error
    return target


SPACES = Family("space", "tgnas.spaces", "SPACE", data=".yaml")
BENCHMARKS = Family("benchmark", "tgnas.benchmarks", "build")
NETWORKS = Family("torch network", "tgnas.networks", "build_network")
GRAPH_PROXIES = Family(
    "graph proxy", "tgnas.methods.graph_proxies", "score", f"{LIGHT}.GraphProxyMethod"
)
NETWORK_PROXIES = Family(
    "network proxy", "tgnas.methods.network_proxies", "score", f"{CONTRACTS}.NetworkProxyMethod"
)
SEQUENCE_PROXIES = Family(
    "sequence proxy", "tgnas.methods.sequence_proxies", "score", f"{CONTRACTS}.SequenceProxyMethod"
)
PREDICTORS = Family("predictor", "tgnas.methods.predictors", "fit", f"{CONTRACTS}.PredictorMethod")
SUPERNETS = Family("supernet", "tgnas.methods.supernets", "train", f"{CONTRACTS}.SupernetMethod")
HYPERNETWORKS = Family(
    "hypernetwork",
    "tgnas.methods.hypernetworks",
    "train",
    f"{CONTRACTS}.HypernetworkMethod",
)
GENERATORS = Family(
    "generator", "tgnas.methods.generators", "Generator", f"{CONTRACTS}.GeneratorMethod"
)
SEARCHERS = Family("searcher", "tgnas.methods.searchers", "search", f"{LIGHT}.SearcherMethod")
RESULTS = Family("result", "tgnas.results", "TITLE")
STUDIES = Family("study", "tgnas.studies", "run", "tgnas.studies._contract.Study")
