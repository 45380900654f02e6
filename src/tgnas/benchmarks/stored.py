"""Which scores others computed and stored, for each benchmark that has any: method -> source.

A source is a column of the benchmark's own table (``proxy/NAME``, ``parameters/DATASET``,
``flops/DATASET``) or the name of a fetched file.
"""

from collections.abc import Mapping
from types import MappingProxyType

SUITE_ZERO_FILE = "nasbench201/zero_cost_proxies.csv"
# NAS-Bench-Suite-Zero's, of NAS-Bench-201 and of NAS-Bench-301.
PROXIES_OF_SUITE_ZERO = (
    "epe_nas",
    "fisher",
    "grad_norm",
    "grasp",
    "jacov",
    "l2_norm",
    "nwot",
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
            # Of 9,445 architectures.
            **{f"{name}_stored": SUITE_ZERO_FILE for name in PROXIES_OF_SUITE_ZERO},
        },
        "nasbench301": {
            "params": "parameters/cifar10",
            "flops": "flops/cifar10",
            **{name: f"proxy/{name}" for name in PROXIES_OF_SUITE_ZERO},
        },
        "digits201": {"params": "parameters/digits", "flops": "flops/digits"},
        "nasbench_graph": {"params": "parameters/cora"},
    }
)


def files_of(benchmark: str) -> list[str]:
    """Return the names of the fetched files that hold scores of a benchmark."""
    sources = dict.fromkeys(STORED.get(benchmark, {}).values())
    return [source for source in sources if source.startswith(benchmark)]


def proxies_of(benchmark: str) -> list[str]:
    """Return the zero-cost proxies of a benchmark that others stored: neither counts nor TG-NAS."""
    others = ("params", "flops", "authors_dump")
    return [name for name in STORED.get(benchmark, {}) if name not in others]
