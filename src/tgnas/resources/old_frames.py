"""Frames that pandas 1.0 pickled, read without running what they ask for.

Their manager of blocks is made empty and then given a state, where a newer one has arguments; their
arrays come as ``_frombuffer`` of bytes, and a column of texts as a list. As in ``unpickle``, the
pickle can call nothing but stand-ins that keep their arguments, and ``slice``.
"""

from typing import Any

import numpy as np

from tgnas.resources.unpickle import IN_FRAMES, Names, _Array, _expected, _Frame, _load, _StandIn

VERSION = "0.14.1"  # of the layout of the manager's state, which pandas has written ever since


class _Buffer(_StandIn):
    """``_frombuffer(bytes, dtype, shape, order)``."""

    def values(self) -> np.ndarray:
        """Return the array; numbers only."""
        content, dtype, shape, order = self.arguments
        kind = dtype.kind()
        flat = np.frombuffer(content, kind)
        return flat.reshape(shape, order=order).astype(kind.newbyteorder("="))


class _Texts(_Array):
    """An array of one row of texts, or one of numbers, whatever its state says."""

    def values(self) -> np.ndarray:
        """Return the array."""
        _, shape, _, _, content = self.state
        if not isinstance(content, list):
            return super().values()
        return np.array(self.names(), dtype=np.str_).reshape(shape)


RECONSTRUCTED = ("numpy._core.multiarray", "numpy.core.multiarray")
IN_OLD_FRAMES: Names = {
    **IN_FRAMES,
    **{(module, "_reconstruct"): _Texts for module in RECONSTRUCTED},
    ("numpy._core.numeric", "_frombuffer"): _Buffer,
    ("numpy.core.numeric", "_frombuffer"): _Buffer,
}


def load_old_frame_columns(data: bytes) -> dict[str, np.ndarray]:
    """Return the columns of a pickled frame by name and in the frame's order, numbers or texts.

    Each is a new array of shape (N,); row labels are dropped.

    Raises:
        CorruptTableError: the bytes are not such a frame, or ask for anything else to be run.
    """
    with _expected("an old pickled frame of numbers and texts"):
        return _columns(_load(data, IN_OLD_FRAMES))


def _columns(frame: Any) -> dict[str, np.ndarray]:
    if not isinstance(frame, _Frame):
        raise TypeError(f"a DataFrame expected, {type(frame).__name__} found")
    whole = frame.state["_data"].state[3][VERSION]
    names = whole["axes"][0].arguments[1]["data"].names()
    columns: dict[str, np.ndarray] = {}
    for block in whole["blocks"]:
        columns.update(zip(names[block["mgr_locs"]], block["values"].values(), strict=True))
    lengths = {len(values) for values in columns.values()}
    if set(columns) != set(names) or len(set(names)) != len(names) or len(lengths) != 1:
        raise ValueError(f"columns {names} expected, {sorted(columns)} found, of lengths {lengths}")
    return {name: columns[name] for name in names}
