"""What a file of this folder defines; the registry holds every file to it.

The workflow imports every study to ask it, so what is slow to import is imported inside of ``run``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd


class Study(Protocol):
    """A file of ``studies``: its settings' keys stand below ``studies`` in the config."""

    Settings: type

    @staticmethod
    def inputs(settings: Any) -> Mapping[str, str | Sequence[str]]:
        """Return the files that ``run`` reads, by name.

        They begin with ``<resources>``, ``<benchmark_tables>`` or ``<results>``; ``<images>`` is
        the copy of CIFAR-10 that the config names.
        """
        ...

    @staticmethod
    def parts(settings: Any) -> Sequence[str]:
        """Return the names of the parts that are jobs of their own, such as seeds or shards."""
        ...

    @staticmethod
    def run(
        part: str, settings: Any, files: Mapping[str, Path | list[Path]], folder: Path
    ) -> pd.DataFrame:
        """Return the rows of a part.

        Args:
            part: one of ``parts``.
            settings: the study's own.
            files: the inputs, with the paths of this run.
            folder: a folder of this part alone, for what an interrupted run goes on from.
        """
        ...


class LoadsByName(Protocol):
    """A study whose ``run`` loads modules by name; what it imports anywhere is seen."""

    @staticmethod
    def loaded(settings: Any) -> Sequence[str]:
        """Return these modules."""
        ...


class ReadsWeights(Protocol):
    """A study whose ``run`` scores with predictors that come with the package."""

    @staticmethod
    def shipped(settings: Any) -> Sequence[str]:
        """Return their names; other weights make the study stale."""
        ...


OPTIONAL: Mapping[type, tuple[type, ...]] = {Study: (LoadsByName, ReadsWeights)}
