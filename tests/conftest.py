"""What tests share: the fetched files, the benchmarks, the sentence vectors."""

import gc
import os

os.environ["DGLBACKEND"] = "pytorch"  # or DGL writes a file into the home folder
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import runpy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import checks  # noqa: F401  # before the package, whose functions it checks
import pytest
import torch
from filelock import FileLock
from hypothesis import settings
from project import Project

from tgnas.benchmarks.base import Benchmark, open_benchmark
from tgnas.benchmarks.nasbench201 import SOURCES as SOURCES201
from tgnas.benchmarks.nasbench201 import build as build_nasbench201
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.encodings.sentence import embed_operators
from tgnas.resources.fetch import DEFAULT_MIRROR, available, fetch, mirror_folders, read_resources

ROOT = Path(__file__).parents[1]

settings.register_profile("tgnas", deadline=None, max_examples=50)
settings.load_profile("tgnas")


# Modules that take minutes come first, so that no process ends long after the others (xdist must
# be told to keep the order: --no-loadscope-reorder). The first one runs the whole chain, which the
# four after it do not wait for.
FIRST = (
    "test_workflow", "test_digits_bench", "test_image_classifier", "test_slurm", "test_chaos",
    "test_digits", "test_nasbench_graph", "test_examples", "test_report",
)  # fmt: skip


# Looking for garbage among what collecting 6,000 tests has made takes a tenth of their time.
gc.set_threshold(100_000, 20, 50)


def pytest_collection_finish() -> None:
    """Leave what collecting has made out of every later look for garbage."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest modules first; the order is otherwise that of the files."""
    place = {name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(FIRST)))


def pytest_configure(config: pytest.Config) -> None:
    """Let strategies make type-checked cells: beartype looks at a random item of each tuple."""
    silent = "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
    config.addinivalue_line("filterwarnings", silent)


@pytest.fixture(scope="session", autouse=True)
def one_thread_for_torch() -> Iterator[None]:
    """Small matrices gain nothing from threads, and their number changes bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def resource_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Fetch a file of the resource sheet by its name, from a mirror; skip where none has it."""
    sheet = read_resources(ROOT / "config" / "resources.tsv")
    folder = tmp_path_factory.mktemp("resources")
    beside = ROOT / DEFAULT_MIRROR
    mirrors = [*mirror_folders([]), *([beside] if beside.is_dir() else [])]

    def fetched(name: str) -> Path:
        if not available(sheet[name], folder, mirrors):
            pytest.skip(f"no mirror has {name}, and tests use no network")
        return fetch(sheet[name], folder, mirrors, sheet={name: sheet[name]})

    return fetched


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """Copy the project and run its whole chain on the smoke config: once for all test processes.

    Tests read from it; those that edit or run something take ``project``.
    """
    beside = ROOT / DEFAULT_MIRROR
    mirrors = [*mirror_folders([]), *([beside] if beside.is_dir() else [])]
    if not mirrors:
        pytest.skip("no mirror has the benchmark files, and tests use no network")
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    folder, output = shared / "finished", shared / "finished.log"
    with FileLock(shared / "finished.lock"):
        if not output.exists():
            done = Project.copy(folder, mirrors).run()
            output.write_text(f"{done.returncode}\n{done.stdout}")
    code, _, text = output.read_text().partition("\n")
    assert code == "0", text
    return Project.at(folder, mirrors)


@pytest.fixture(scope="session")
def project(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Copy the finished project, so that its files are as old as they are there."""
    folder = tmp_path_factory.mktemp("project") / "copy"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return replace(finished, folder=folder)


@pytest.fixture(scope="session")
def benchmark_tables(finished: Project) -> Path:
    """Return the folder of the benchmarks that the workflow built."""
    return finished.folder / "results" / "benchmarks"


@pytest.fixture(scope="session")
def nasbench101(benchmark_tables: Path) -> Benchmark:
    """Open NAS-Bench-101."""
    return open_benchmark(benchmark_tables / "nasbench101.arrow")


@pytest.fixture(scope="session")
def nasbench301(benchmark_tables: Path) -> Benchmark:
    """Open NAS-Bench-301."""
    return open_benchmark(benchmark_tables / "nasbench301.arrow")


@pytest.fixture(scope="session")
def nasbench201(resource_file: Callable[[str], Path]) -> Benchmark:
    """Build NAS-Bench-201 from its fetched files."""
    files = [resource_file(name) for name in SOURCES201]
    return Benchmark("nasbench201", build_nasbench201(files))


@pytest.fixture(scope="session")
def embeddings() -> OperatorEmbeddings:
    """Embed the operators' short sentences with the real model."""
    return embed_operators("all-MiniLM-L6-v2", "short")


def script(name: str) -> Callable[..., None]:
    """Return the `main` of a script of the workflow."""
    return runpy.run_path(str(ROOT / "workflow" / "scripts" / f"{name}.py"))["main"]
