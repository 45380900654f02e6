"""The command ``tgnas``: a module for each group of commands, without logic of its own."""

from tgnas.cli.app import app, main

__all__ = ["app", "main"]
