"""What a result was made by: a digest of the code behind it, versions, machine."""

import ast
import csv
import hashlib
import json
import os
import platform
import subprocess
from functools import cache
from importlib import metadata, util
from pathlib import Path

from tgnas.errors import ConfigError
from tgnas.files import once
from tgnas.registry import METHODS, folders_of, packages

PACKAGE = "tgnas"
# These name, carry and refuse values but compute none, so an edit of them re-runs nothing.
PLUMBING = frozenset(
    {
        "tgnas",
        "tgnas.errors",
        "tgnas.files",
        "tgnas.registry",
        "tgnas.processes",
        "tgnas.resources.seals",
    }
    | {"tgnas.workflow.script", "tgnas.training.checkpoint"}
)
# What rules write into the repository, and what is only read by people.
MADE = ("results", "docs", "README.md", "src/tgnas/weights", "src/tgnas/data")


Documented = ast.Module | ast.ClassDef | ast.FunctionDef


def code_digest(script: str | Path, *modules: str) -> str:
    """Return a hash of a script, of `modules`, and of all of this package that they import.

    A package that names methods by an entry point counts as this one does. Comments, docstrings,
    layout and ``PLUMBING`` do not count: they change no result. A data file beside a module with
    the module's name (``operators.yaml``) counts with it. Modules that are loaded by name at run
    time (a method) cannot be seen in the imports and are given.
    """
    digest = hashlib.sha256(_normalised(Path(script)).encode())
    waiting = [*_imports(Path(script)), *modules]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        waiting += _imports(_file(name), name)
    for name in sorted(seen):
        digest.update(name.encode())
        digest.update(_normalised(_file(name)).encode())
        digest.update(_data_beside(_file(name)))
    return digest.hexdigest()[:16]


def weights_digest(name: str) -> str:
    """Return a hash of the weights of a predictor that comes with the package: the first 12 digits.

    Raises:
        ConfigError: the package has no such weights.
    """
    path = _file(PACKAGE).parent / "weights" / f"{name}.safetensors"
    if not path.exists():
        raise ConfigError(f"{path}: the package has no weights of {name!r}")
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@cache
def _file(module: str) -> Path:
    """Return a module's file; nothing is imported for it."""
    top = module.partition(".")[0]
    spec = util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"no package {top!r} to take a digest of")
    path = Path(spec.submodule_search_locations[0]).joinpath(*module.split(".")[1:])
    # A search space may be a YAML file without a module.
    for file in (path.with_suffix(".py"), path / "__init__.py", path.with_suffix(".yaml")):
        if file.exists():
            return file
    # A method may stand outside of the package.
    parent, _, name = module.rpartition(".")
    family = parent.startswith(f"{METHODS}.") and path.parent.is_dir()
    for folder in folders_of(parent)[1:] if family else ():
        for file in (folder / f"{name}.py", folder / name / "__init__.py"):
            if file.exists():
                return file
    raise ModuleNotFoundError(f"no module {module!r} to take a digest of")


def _normalised(path: Path) -> str:
    """Return a file's code without comments, docstrings and layout; another file as it is."""
    return _read(path)[0]


@cache
def _imports(path: Path, module: str = "") -> tuple[str, ...]:
    """Return the modules that a file imports of this package, or of one that holds methods.

    A module's name says what its relative imports mean.
    """
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    relative = {name for name in _read(path)[1] if name.startswith(".")}
    names = {*_read(path)[1]} - relative
    names |= {util.resolve_name(name, package) for name in relative if package}
    known = {PACKAGE, *packages()}
    ours = {name for name in names if name.partition(".")[0] in known} - PLUMBING
    return tuple(sorted(filter(_is_module, ours)))


@cache
def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return a file's normalised code, and the names that it imports."""
    if path.suffix != ".py":
        return path.read_text(), ()
    # Hundreds of files take a second or two, at each start of the workflow.
    code, names = json.loads(once(path, f"code {_reader()}", _parsed))
    return code, tuple(names)


@cache
def _reader() -> str:
    """Return what the normalised code of a file depends on beside the file: Python, this module."""
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    return f"{platform.python_version()} {own}"


def _parsed(path: Path) -> str:
    """Return a file's normalised code and the names that it imports, as JSON."""
    tree = ast.parse(path.read_text())
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            where = "." * node.level + (node.module or "")
            inside = f"{where}." if node.module else where
            names |= {where, *(f"{inside}{alias.name}" for alias in node.names)}
        elif isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None:
            node.body[:1] = [] if len(node.body) > 1 else [ast.Pass()]
    return json.dumps([ast.unparse(tree), sorted(names)])


@cache
def _data_beside(path: Path) -> bytes:
    """Return what the data files beside a module hold that have its name."""
    beside = sorted(path.parent.glob(f"{path.stem}.*"))
    return b"".join(file.read_bytes() for file in beside if file.suffix not in {".py", ".pyc"})


@cache
def _is_module(name: str) -> bool:
    try:
        return bool(_file(name))
    except ModuleNotFoundError:  # the parent is a module, so the name is one of its members
        return False


def environment() -> dict[str, str]:
    """Return the versions and the machine that a result was made with."""
    packages = ("torch", "dgl", "numpy", "scipy", "pandas", "snakemake", "transformers", "tgnas")
    return {
        "python": platform.python_version(),
        **{name: _version(name) for name in packages},
        "commit": _commit(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.system(),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # dgl is made for Python 3.11
        return "not installed"


def _commit() -> str:
    """Return the checked-out commit, marked where code or config differ from it."""
    try:
        commit, others = _git("rev-parse", "HEAD"), [f":(top,exclude){path}" for path in MADE]
        differs = _git("status", "--porcelain", "--untracked-files=no", "--", ":(top)", *others)
        return commit + ("-dirty" if differs else "")
    except (FileNotFoundError, subprocess.CalledProcessError):
        return "unknown (not a git checkout)"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())


def seconds_of_rules(folder: Path) -> dict[str, dict[str, float]]:
    """Return, for each rule that Snakemake timed, its jobs and their seconds and peak memory.

    Keys: jobs, seconds (all jobs together), longest (seconds), peak_mib (largest resident set).
    """
    rules: dict[str, dict[str, float]] = {}
    for path in sorted(folder.rglob("*.tsv")):
        with path.open(newline="") as file:
            last = list(csv.DictReader(file, delimiter="\t"))[-1]
        # A job that was too short to be seen has no peak.
        peak = 0.0 if last["max_rss"] in ("NA", "-") else float(last["max_rss"])
        nothing = {"jobs": 0, "seconds": 0.0, "longest": 0.0, "peak_mib": 0.0}
        rule = rules.setdefault(path.relative_to(folder).parts[0].removesuffix(".tsv"), nothing)
        rule["jobs"] += 1
        rule["seconds"] = round(rule["seconds"] + float(last["s"]), 1)
        rule["longest"] = round(max(rule["longest"], float(last["s"])), 1)
        rule["peak_mib"] = round(max(rule["peak_mib"], peak), 1)
    return rules
