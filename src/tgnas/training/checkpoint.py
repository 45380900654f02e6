"""Checkpoints that survive a kill: whole or absent, the previous one kept beside the new."""

import io
import logging
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from tgnas.files import written_whole

logger = logging.getLogger(__name__)
# What a damaged file raises, from the archive, the pickle inside it, or torch's reader.
FAULTS = (
    AttributeError,
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)


def write_checkpoint(path: Path, digest: str, content: dict[str, Any]) -> None:
    """Write a checkpoint under a temporary name, keep the old as ``.previous``, then rename.

    Where `content` holds the state of a random generator, it is called "generator".
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Into memory first: torch does not say that a disk is full in a way that can be told apart.
    whole = io.BytesIO()
    torch.save({"digest": digest, **content}, whole)
    with written_whole(path) as part:
        with part.open("wb") as stream:
            stream.write(whole.getbuffer())
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            path.replace(previous(path))


def read_checkpoint(
    path: Path, digest: str, device: torch.device | None = None
) -> dict[str, Any] | None:
    """Return the newest intact checkpoint of a digest on a device, or None where there is none.

    A damaged file and one of another digest are passed over, which the log says.
    """
    for candidate in (path, previous(path)):
        if not candidate.exists():
            continue
        try:
            saved = _read(candidate, device)
            own = saved["digest"]
        except FAULTS as error:
            reason = " ".join(str(error).split())[:200]
            logger.warning("checkpoint %s is damaged and is passed over: %s", candidate, reason)
            continue
        if own == digest:
            return saved
        logger.info("checkpoint %s is of other settings, data or code and is ignored", candidate)
    return None


def previous(path: Path) -> Path:
    """Return where the checkpoint before the newest stands."""
    return path.with_name(path.name + ".previous")


def _read(path: Path, device: torch.device | None) -> dict[str, Any]:
    """Return a checkpoint's content after checking the sums of all its parts; torch does not."""
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged:
        raise ValueError(f"part {damaged} has another checksum")
    content = torch.load(path, map_location=device, weights_only=True)
    if "generator" in content:
        content["generator"] = content["generator"].cpu()
    return content
