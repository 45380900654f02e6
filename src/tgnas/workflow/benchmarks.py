"""What a job that builds a benchmark depends on, as the benchmark's module says it."""

from dataclasses import dataclass

from tgnas.registry import BENCHMARKS


@dataclass(frozen=True, slots=True)
class BenchmarkFacts:
    """What builds a benchmark.

    Attributes:
        sources: names of fetched files, in the order that ``build`` takes.
        version: of data that come with a package; empty where there are none.
        threads: processes that the building shares.
    """

    sources: tuple[str, ...]
    version: str
    threads: int


def benchmark_facts(name: str) -> BenchmarkFacts:
    """Return what builds a benchmark.

    Raises:
        UnknownNameError: there is no such benchmark.
    """
    module = BENCHMARKS.module(name)
    version = module.version() if hasattr(module, "version") else ""
    return BenchmarkFacts(module.SOURCES, version, getattr(module, "THREADS", 1))
