"""Which scores others computed and stored, for each benchmark that has any: method -> source.

A source is a column of the benchmark's own table (``proxy/NAME``, ``parameters/DATASET``,
``flops/DATASET``) or the name of a fetched file.
"""

from collections.abc import Mapping
from types import MappingProxyType

PROXIES_OF_NASBENCH301 = (
    "epe_nas",
    "fisher",
    "grad_norm",
    "grasp",
    "jacov",
    "l2_norm",
    "plain",
    "snip",
    "synflow",
)
STORED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "nasbench201": {
            "authors_dump": "nasbench201/authors_dump.txt",
            "naswot_stored": "nasbench201/freerea_cifar10_naswot.csv",
            "logsynflow_stored": "nasbench201/freerea_cifar10_logsynflow.csv",
            "zen_stored": "nasbench201/naslib_zen.zip",
        },
        "nasbench301": {
            "params": "parameters/cifar10",
            "flops": "flops/cifar10",
            **{name: f"proxy/{name}" for name in PROXIES_OF_NASBENCH301},
        },
        "digits201": {"params": "parameters/digits", "flops": "flops/digits"},
        "nasbench_graph": {"params": "parameters/cora"},
    }
)


def files_of(benchmark: str) -> list[str]:
    """Return the names of the fetched files that hold scores of a benchmark."""
    return [source for source in STORED.get(benchmark, {}).values() if source.startswith(benchmark)]
