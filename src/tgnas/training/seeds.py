"""Random numbers as a function of a seed and of where they are used, so that no state is kept."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def seed_of(*path: int) -> int:
    """Return a seed for, e.g., (the run's seed, epoch, purpose); other paths give others."""
    return int(np.random.SeedSequence(path).generate_state(1, np.uint64)[0])


def generator_of(*path: int) -> torch.Generator:
    """Return a generator on the CPU, seeded as ``seed_of`` says."""
    return torch.Generator().manual_seed(seed_of(*path))


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Seed torch's global generators, which weights and dropped paths are drawn from.

    torch's layers take no other generator; afterwards the caller's own state is as before.
    """
    devices = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.default_generator.manual_seed(seed)
        if devices:
            torch.cuda.manual_seed(seed)
        yield
