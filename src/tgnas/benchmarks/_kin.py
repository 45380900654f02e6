"""Benchmarks that share architectures: labels of one tell of the others."""

# Benchmarks of the same cells, whatever they are trained on.
KIN = (
    frozenset({"nasbench101", "digits101"}),
    frozenset({"nasbench201", "digits201", "digits201_long", "transnas_micro"}),
    frozenset({"nasbench301", "nds_darts"}),
)
OTHER_LABELS = ("_validation", "_12_epochs", "_long")  # ends of names of benchmarks


def whole(benchmark: str) -> str:
    """Return the benchmark whose other accuracies of the same networks one of labels holds."""
    for end in OTHER_LABELS:
        benchmark = benchmark.removesuffix(end)
    return benchmark


def kin(benchmark: str) -> frozenset[str]:
    """Return the benchmarks of the same architectures, itself among them."""
    name = whole(benchmark)
    return next((group for group in KIN if name in group), frozenset({name}))
