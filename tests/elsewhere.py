"""A device that holds numbers on the CPU and refuses what a GPU refuses.

Its tensors say that they lie on ``meta``. As on a GPU, an operator that is given one of them and a
tensor of the CPU (but for a single number, and for indices) is refused, and so is a generator of
the CPU. What a proxy computes there is worked out by the CPU's kernels, so it can be compared.
"""

from contextlib import contextmanager

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

ELSEWHERE = torch.device("meta")
INDICES = {torch.ops.aten.index.Tensor, torch.ops.aten.index_put_.default}
COPIES = {torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default}


class There(Tensor):
    """A tensor of that device."""

    @staticmethod
    def __new__(cls, held: Tensor) -> "There":
        return Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=ELSEWHERE,
            requires_grad=held.requires_grad,
        )

    def __init__(self, held: Tensor) -> None:
        self.held = held

    def numpy(self, *, force: bool = False):
        """Return the numbers, if they may be copied to the CPU for it, as of a GPU."""
        if not force:
            raise TypeError("cannot convert a tensor elsewhere to numpy")
        return self.held.detach().numpy()

    @classmethod
    def __torch_dispatch__(cls, operator, types, args=(), kwargs=None):
        return _run(operator, args, kwargs or {})


def _run(operator, args, kwargs):
    flat = tree_flatten((args, kwargs))[0]
    there = [value for value in flat if isinstance(value, There)]
    here = [v for v in flat if isinstance(v, Tensor) and not isinstance(v, There) and v.dim()]
    asked = kwargs.get("device")
    if there and here and operator not in INDICES | COPIES:
        raise RuntimeError(f"{operator}: tensors of two devices")
    stays = bool(there) if asked is None else torch.device(asked) == ELSEWHERE
    if operator is torch.ops.aten._local_scalar_dense.default:
        stays = False  # a number is Python's
    if operator is torch.ops.aten.copy_.default:
        stays = isinstance(args[0], There)
    drawn = any(isinstance(value, torch.Generator) for value in flat)
    if stays and drawn:
        raise RuntimeError(f"{operator}: a generator of the CPU for a tensor elsewhere")
    if asked is not None:
        kwargs = {**kwargs, "device": "cpu"}
    bare = tree_map(lambda v: v.held if isinstance(v, There) else v, (args, kwargs))
    found = operator(*bare[0], **bare[1])
    if operator.__name__.split(".")[0].endswith("_") and there:
        return args[0]
    return tree_map(lambda v: There(v) if isinstance(v, Tensor) and stays else v, found)


class Factories(TorchDispatchMode):
    """Makes tensors that are asked for there."""

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        return _run(operator, args, kwargs or {})


@contextmanager
def device():
    """Give the device, for as long as it exists."""
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        with Factories():
            yield ELSEWHERE
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(before)
