"""tgnas: an honest reproduction of TG-NAS (arXiv 2404.00271)."""

__version__ = "0.1.0"
