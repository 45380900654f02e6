"""Random numbers as a function of a seed and of where they are used, so that no state is kept."""

import numpy as np
import torch


def seed_of(*path: int) -> int:
    """Return a seed for, e.g., (the run's seed, epoch, purpose); other paths give others."""
    return int(np.random.SeedSequence(path).generate_state(1, np.uint64)[0])


def generator_of(*path: int) -> torch.Generator:
    """Return a generator on the CPU, seeded as ``seed_of`` says."""
    return torch.Generator().manual_seed(seed_of(*path))
