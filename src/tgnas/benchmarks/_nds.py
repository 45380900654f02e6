"""Network Design Spaces: networks of searched cells, really trained on ImageNet.

Radosavovic et al., "On Network Design Spaces for Visual Recognition", ICCV 2019. A file is a list
of trainings of one seed, 50 epochs each (facebookresearch/nds, the part that leeyeehoo/GenNAS-Zero
carries); width and depth differ from network to network. All trainings of these two files have one
learning rate, .05, and one weight decay, 5e-5, so that nothing here depends on either; other files
of NDS vary them.

Errors become accuracies: after every epoch, and that of the best epoch. Parameters are counted, and
every network's count is the file's; FLOPs are the file's, whose counter takes a dilated convolution
to put out more than it does: ours are those on every network without one.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tgnas.benchmarks.base import build_table
from tgnas.costs.layers import MILLION, count_parameters
from tgnas.errors import CorruptTableError
from tgnas.spaces.space import Space

DATASET = "imagenet"
BEST = f"accuracy/{DATASET}/test/best"


def build_of(space: Space, files: Sequence[Path]) -> pa.Table:
    """Return the benchmark's table of a file of trainings, in its order.

    Raises:
        CorruptTableError: it is no such file, or a network has other parameters than it says.
    """
    (file,) = files
    try:
        runs = json.loads(file.read_text())
        architectures = space.architectures([_architecture(run["net"]) for run in runs])
        errors = np.array([run["test_ep_top1"] for run in runs], dtype=np.float64)
        best, stored, flops = (
            np.array([run[name] for run in runs]) for name in ("min_test_top1", "params", "flops")
        )
    except (ValueError, LookupError, TypeError) as error:
        raise CorruptTableError(f"{file} is no file of NDS: {error}") from error
    counted = count_parameters(architectures)
    wrong = np.flatnonzero(stored != counted)
    if len(wrong):
        raise CorruptTableError(
            f"{file}: network {wrong[0]} has {stored[wrong[0]]:,} parameters, counted are "
            f"{counted[wrong[0]]:,}"
        )
    accuracies = {
        f"accuracy/{DATASET}/test/{epoch}": 100 - errors[:, epoch - 1]
        for epoch in range(1, errors.shape[1] + 1)
    }
    columns = accuracies | {
        BEST: 100 - best,
        f"parameters/{DATASET}": counted,
        f"flops/{DATASET}": flops / MILLION,
    }
    return build_table(space, architectures, space.format(architectures), columns)


def _architecture(network: dict[str, Any]) -> dict[str, Any]:
    return network["genotype"] | {name: network[name] for name in ("width", "depth")}
