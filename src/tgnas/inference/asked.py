"""What is asked for by a name or in a file, checked before anything slow is imported for it."""

import os
from importlib import resources
from pathlib import Path

from tgnas.errors import ArgumentError, DataError, UnknownNameError
from tgnas.files import readable
from tgnas.registry import GRAPH_PROXIES
from tgnas.validation import read_json

RECOMMENDED = "universal"  # of the predictors
SEARCHER = "hybrid"  # TG-NAS's own, where it can search
ANYWHERE = "regularised_evolution"  # where that cannot
LEARNER = "canonical"  # whose settings learn from labels of one's own
SUFFIX = ".safetensors"
COLUMN = "column:"  # in front of the name of a column of the table


def own_folder() -> Path:
    """Return the folder of the predictors that come with the package."""
    return Path(str(resources.files("tgnas"))) / "weights"


def available(folder: Path | None = None) -> list[str]:
    """Return the names of the predictors that come with the package."""
    return sorted(path.stem for path in (folder or own_folder()).glob(f"*{SUFFIX}"))


def asked_for() -> list[str]:
    """Return the names of what can be asked for: trained predictors and counts."""
    return [*available(), *GRAPH_PROXIES.names()]


def names_in(text: str) -> list[str]:
    """Return the names of a text that has commas between them, and spaces wherever one likes."""
    return [name.strip() for name in text.split(",")]


def members_of(text: str) -> list[str]:
    """Return the members that a text joins by +, each of which is there.

    The path of a file may have a + in it, too, but for one that begins as a member's name and a +.

    Raises:
        UnknownNameError: a member that no predictor, count or column is.
        UnreadableFileError: a file of weights that is not there.
        ArgumentError: a member is named twice.
    """
    names, parts = list[str](), text.split("+")
    while parts:
        texts = ["+".join(parts[:count]).strip() for count in range(1, len(parts) + 1)]
        # Path.is_file raises what a name cannot hold.
        files = (part for part in texts if part.endswith(SUFFIX) and os.path.isfile(part))  # noqa: PTH113
        names.append(texts[0] if texts[0] in asked_for() else next(files, texts[0]))
        parts = parts[texts.index(names[-1]) + 1 :]
    if len(set(names)) < len(names):
        raise ArgumentError(f"{text!r} names a member twice")
    for name in names:
        if name.endswith(SUFFIX):
            readable(name)
        elif not name.startswith(COLUMN) and name not in asked_for():
            known = [*asked_for(), f"a path that ends in {SUFFIX}", f"{COLUMN}NAME"]
            raise UnknownNameError("predictor", name, known)
    return names


def check_trained(name: str, folder: Path | None = None) -> None:
    """Refuse what is no trained predictor.

    Raises:
        UnknownNameError: no predictor has that name.
        UnreadableFileError: a file of weights that is not there.
    """
    if name.endswith(SUFFIX):
        readable(name)
    elif name not in available(folder):
        known = [*available(folder), f"a path that ends in {SUFFIX}"]
        raise UnknownNameError("predictor", name, known)


def architecture_in(text: str) -> str:
    """Return an architecture that is written out, or that of a JSON file that a search wrote.

    Raises:
        UnreadableFileError: there is no such file.
        DataError: the file holds none.
    """
    if not text.endswith(".json"):
        return text
    readable(text)
    try:
        return str(read_json(Path(text).read_text())["architecture"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{text} holds no JSON object with an 'architecture'") from error
