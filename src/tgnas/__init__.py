"""tgnas: an honest reproduction of TG-NAS (arXiv 2404.00271)."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tgnas.pretrained import Pretrained, load_pretrained

__version__ = "0.1.0"
__all__ = ["Pretrained", "__version__", "load_pretrained"]


def __getattr__(name: str) -> Any:
    """Import what needs torch only when it is asked for."""
    if name in ("Pretrained", "load_pretrained"):
        from tgnas import pretrained  # noqa: PLC0415

        return getattr(pretrained, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
