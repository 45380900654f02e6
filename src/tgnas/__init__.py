"""tgnas: an honest reproduction of TG-NAS (arXiv 2404.00271)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tgnas.inference.api import (
        convert,
        evaluate,
        mutate,
        neighbours,
        rank,
        sample,
        score,
        search,
        search_front,
        search_table,
        suggest,
        train,
    )
    from tgnas.inference.measuring import measure
    from tgnas.inference.networks import build_network
    from tgnas.inference.pretrained import Pretrained, load_pretrained
    from tgnas.inference.scorers import load_scorer
    from tgnas.spaces.space import Space, open_space

__version__ = "0.1.0"
__all__ = [
    "Pretrained",
    "Space",
    "__version__",
    "build_network",
    "convert",
    "evaluate",
    "load_pretrained",
    "load_scorer",
    "measure",
    "mutate",
    "neighbours",
    "open_space",
    "rank",
    "sample",
    "score",
    "search",
    "search_front",
    "search_table",
    "suggest",
    "train",
]
_HOME = {
    "build_network": "tgnas.inference.networks",
    "convert": "tgnas.inference.api",
    "evaluate": "tgnas.inference.api",
    "mutate": "tgnas.inference.api",
    "neighbours": "tgnas.inference.api",
    "rank": "tgnas.inference.api",
    "sample": "tgnas.inference.api",
    "score": "tgnas.inference.api",
    "search": "tgnas.inference.api",
    "search_front": "tgnas.inference.api",
    "search_table": "tgnas.inference.api",
    "suggest": "tgnas.inference.api",
    "train": "tgnas.inference.api",
    "measure": "tgnas.inference.measuring",
    "Pretrained": "tgnas.inference.pretrained",
    "load_pretrained": "tgnas.inference.pretrained",
    "load_scorer": "tgnas.inference.scorers",
    "Space": "tgnas.spaces.space",
    "open_space": "tgnas.spaces.space",
}


def __getattr__(name: str) -> Any:
    """Import what needs torch, or reads files, only when it is asked for."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names, whether they are imported yet or not."""
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
