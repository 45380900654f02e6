"""The digest of code: what changes it and what does not."""

import importlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tgnas.files import SETTLED
from tgnas.workflow import provenance
from tgnas.workflow.provenance import code_digest, environment

ROOT = Path(__file__).parents[1]
SCRIPT = '''"""A script."""
from throwaway.method import score
from throwaway import script


def main() -> None:
    """Score."""
    script.run(score)
'''
FILES = {
    "__init__.py": "",
    "method.py": "from throwaway.operators import NAMES\n\n\ndef score():\n    return NAMES\n",
    "operators.py": '"""Read the vocabulary."""\n\nNAMES = 1\n',
    "operators.yaml": "- zero\n",
    "script.py": "def run(main):\n    main()\n",
    "unused.py": "ANYTHING = 1\n",
    "by_name.py": "import throwaway.unused\n",
}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Write a package whose digest is taken instead of the real one's."""
    package = tmp_path / "throwaway"
    package.mkdir()
    for name, text in FILES.items():
        (package / name).write_text(text)
    (tmp_path / "run.py").write_text(SCRIPT)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(provenance, "PACKAGE", "throwaway")
    monkeypatch.setattr(provenance, "PLUMBING", frozenset({"throwaway", "throwaway.script"}))
    forget()
    yield package
    forget()


def forget() -> None:
    """Drop what a process remembers of files, as a new one would."""
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.partition(".")[0] == "throwaway"]:
        del sys.modules[name]
    for name in ("_file", "_read", "_reader", "_data_beside", "_is_module"):
        getattr(provenance, name).cache_clear()


def changes(folder: Path, name: str, old: str, new: str, *modules: str) -> bool:
    """Tell whether the edit of a file changes the digest."""
    before = code_digest(folder.parent / "run.py", *modules)
    path = folder / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    forget()
    return code_digest(folder.parent / "run.py", *modules) != before


def test_code_of_the_script_counts(folder):
    assert changes(folder, "../run.py", "script.run(score)", "script.run(score())")


def test_unchanged_files_are_parsed_once(folder, monkeypatch):
    time.sleep(2 * SETTLED)
    digest = code_digest(folder.parent / "run.py")
    forget()
    monkeypatch.setattr(provenance, "_parsed", lambda path: pytest.fail(f"{path} is parsed"))
    assert code_digest(folder.parent / "run.py") == digest


def test_code_of_an_imported_module_counts(folder):
    assert changes(folder, "method.py", "return NAMES", "return NAMES + 1")


def test_code_of_what_an_imported_module_imports_counts(folder):
    assert changes(folder, "operators.py", "NAMES = 1", "NAMES = 2")


def test_the_data_file_of_a_module_counts(folder):
    assert changes(folder, "operators.yaml", "zero", "none")


def test_a_module_that_is_loaded_by_name_counts_when_given(folder):
    edit = ("unused.py", "ANYTHING = 1", "ANYTHING = 2")
    assert changes(folder, *edit, "throwaway.by_name")


def test_a_module_that_nothing_imports_does_not_count(folder):
    assert not changes(folder, "unused.py", "ANYTHING = 1", "ANYTHING = 2")


def test_a_comment_does_not_count(folder):
    assert not changes(folder, "method.py", "return NAMES", "return NAMES  # all of them")


@pytest.mark.parametrize("name", ["../run.py", "operators.py"])
def test_a_docstring_does_not_count(folder, name):
    assert not changes(folder, name, '"""', '"""In other words: ')


def test_a_new_docstring_does_not_count(folder):
    assert not changes(folder, "method.py", "    return", '    """Return it."""\n    return')


def test_layout_does_not_count(folder):
    assert not changes(folder, "method.py", "return NAMES", "return (\n        NAMES\n    )")


def test_plumbing_does_not_count(folder):
    assert not changes(folder, "script.py", "main()", "print(main())")


def test_the_order_of_given_modules_does_not_count(folder):
    given = ("throwaway.by_name", "throwaway.unused")
    script = folder.parent / "run.py"
    assert code_digest(script, *given) == code_digest(script, *reversed(given))


def test_a_module_that_is_not_there_is_named(folder):
    with pytest.raises(ModuleNotFoundError, match=r"throwaway\.absent"):
        code_digest(folder.parent / "run.py", "throwaway.absent")


def test_every_shipped_script_has_a_digest_of_its_own():
    scripts = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
    digests = {code_digest(script) for script in scripts}
    assert len(digests) == len(scripts) > 0
    assert all(len(digest) == 16 for digest in digests)


def test_the_real_digest_sees_the_vocabulary():
    assert "tgnas.operators" in provenance._imports(ROOT / "src" / "tgnas" / "cell.py")


def test_the_environment_names_versions_commit_and_machine():
    found = environment()
    assert {"python", "torch", "numpy", "commit", "processor", "cores"} <= found.keys()
    assert all(isinstance(value, str) and value for value in found.values())


@pytest.mark.parametrize(("file", "changed"), [("README.md", False), ("Snakefile", True)])
def test_a_commit_is_marked_where_code_differs_from_it(tmp_path, monkeypatch, file, changed):
    monkeypatch.chdir(tmp_path)
    for name in ("README.md", "Snakefile"):
        (tmp_path / name).write_text("committed\n")
    author = ("-c", "user.name=tgnas", "-c", "user.email=tgnas@example.org")
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], check=True)
    (tmp_path / file).write_text("changed\n")
    assert environment()["commit"].endswith("-dirty") == changed


def test_a_folder_without_git_has_no_commit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert environment()["commit"] == "unknown (not a git checkout)"
