"""Checkpoints that survive a kill: whole or absent, the previous one kept beside the new."""

import logging
import pickle
from pathlib import Path
from typing import Any

import torch

logger = logging.getLogger(__name__)


def write_checkpoint(path: Path, digest: str, content: dict[str, Any]) -> None:
    """Write a checkpoint under a temporary name, keep the old as ``.previous``, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    torch.save({"digest": digest, **content}, part)
    if path.exists():
        path.replace(previous(path))
    part.replace(path)


def read_checkpoint(path: Path, digest: str) -> dict[str, Any] | None:
    """Return the newest intact checkpoint of a digest, or None where there is none.

    A corrupt file and one of another digest are passed over, which the log says.
    """
    for candidate in (path, previous(path)):
        if not candidate.exists():
            continue
        try:
            saved = torch.load(candidate, weights_only=True)
        except (RuntimeError, EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            logger.warning("checkpoint %s is corrupt and is passed over: %s", candidate, error)
            continue
        if saved.get("digest") == digest:
            return saved
        logger.info("checkpoint %s is of other settings, data or code and is ignored", candidate)
    return None


def previous(path: Path) -> Path:
    """Return where the checkpoint before the newest stands."""
    return path.with_name(path.name + ".previous")
