"""The processes of one training: this one alone, or those that torchrun starts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a training."""

    rank: int  # its number; 0 is the one that writes
    world: int  # how many there are
    device: torch.device

    @property
    def writes(self) -> bool:
        """Whether files and progress are this one's."""
        return self.rank == 0

    def parallel(self, module: nn.Module) -> nn.Module:
        """Return a module whose gradients are the mean over all processes."""
        if self.world == 1:
            return module
        devices = [self.device] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(module, device_ids=devices)

    def summed(self, values: torch.Tensor) -> torch.Tensor:
        """Return the sum of a tensor over all processes."""
        if self.world > 1:
            distributed.all_reduce(values)
        return values

    def agree_on_buffers(self, module: nn.Module) -> None:
        """Give every process the batch statistics of the first."""
        if self.world > 1:
            for buffer in module.buffers():
                distributed.broadcast(buffer, 0)

    def decided(self, choice: bool) -> bool:
        """Return what the first process has chosen."""
        if self.world == 1:
            return choice
        decision = torch.tensor([int(choice)], device=self.device)
        distributed.broadcast(decision, 0)
        return bool(decision.item())


def find_device() -> torch.device:
    """Return the fastest device that this machine has: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


@contextmanager
def joined() -> Iterator[Process]:
    """Give this process's part: all of it, or where torchrun started it, one of several.

    Each process computes on the GPU of its local rank, or on the CPU where there is none.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Process(0, 1, find_device())
        return
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
        distributed.init_process_group("nccl", device_id=device)
    else:
        device = torch.device("cpu")
        distributed.init_process_group("gloo")
    try:
        yield Process(distributed.get_rank(), distributed.get_world_size(), device)
    finally:
        distributed.destroy_process_group()
