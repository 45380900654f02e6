"""Oracles: what searchers query. Each counts its queries and what they cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from tgnas.benchmarks.base import Benchmark
from tgnas.errors import ConfigError, ContractError, UnknownNameError, number_of, shown
from tgnas.methods.light_contracts import Surrogate, Trace
from tgnas.operators import PADDING
from tgnas.registry import SEARCHERS
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import SEQUENCES
from tgnas.spaces.space import Space

Scores = Float64[np.ndarray, " N"]
# Scores at a fidelity, and the seconds of the trainings that they stand for.
Source = Callable[[Architectures, int | None], tuple[Scores, float]]
_CHUNK = 1 << 14  # architectures that are hashed at once


@dataclass(eq=False)
class Oracle:
    """Scores of architectures, counted.

    Attributes:
        source: where they come from.
        label: the measured accuracy that the scores are; empty where no label is read.
        queries: how many scores were given.
        seconds: how long that took.
        training_seconds: of the trainings that the scores stand for, as far as they are known.
    """

    source: Source
    label: str = ""
    queries: int = 0
    seconds: float = 0.0
    training_seconds: float = 0.0
    _queried: list[Architectures] = field(default_factory=list, repr=False)

    def query(self, architectures: Architectures, fidelity: int | None = None) -> Scores:
        """Return the score of each architecture; every row counts as a query.

        Args:
            architectures: what is scored.
            fidelity: epochs of the trainings, where labels are queried; None is the highest.
        """
        start = time.perf_counter()
        scores, training_seconds = self.source(architectures, fidelity)
        self.seconds += time.perf_counter() - start
        self.training_seconds += training_seconds
        self.queries += len(scores)
        self._queried.append(architectures)
        return scores

    @property
    def distinct(self) -> int:
        """How many different architectures were scored."""
        return len(Architectures.concatenate(self._queried).distinct()[0]) if self._queried else 0


def searched(
    searcher: str,
    space: Space,
    oracle: Oracle,
    settings: Any,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return what a file of ``tgnas.methods.searchers`` finds, held to its contract.

    Raises:
        ContractError: it returns no trace or no incumbent, queries nothing, queries past its trace,
            or more than its budget.
    """
    trace = SEARCHERS.module(searcher).search(space, oracle, settings, generator, surrogate)
    if not isinstance(trace, Trace):
        raise ContractError(f"searcher {searcher!r}: search gives {shown(trace)}, not a Trace")
    queries = number_of(oracle.queries, "query")
    budget = getattr(settings, "budget", oracle.queries)
    faults = {
        "makes no query": not oracle.queries,
        f"makes {queries}, of which its trace has {trace.queries}": trace.queries != oracle.queries,
        f"makes {queries} of a budget of {budget}": oracle.queries > budget,
        "chooses no incumbent (choose, choose_best)": not (
            isinstance(trace.incumbent, int | np.integer) and 0 <= trace.incumbent < trace.queries
        ),
    }
    for fault in [fault for fault, is_so in faults.items() if is_so][:1]:
        raise ContractError(f"searcher {searcher!r}: search {fault}")
    return trace


class Listing:
    """Where architectures stand in a list of them.

    One that is not listed stands where an isomorphic one does, if there is any: NAS-Bench-101 lists
    one graph of each isomorphism class.

    Args:
        space: what they are of.
        architectures: the list; of equal ones the first counts.
    """

    def __init__(self, space: Space, architectures: Architectures) -> None:
        self.space = space
        self.architectures = self._padded(architectures)
        self._row_of: dict[bytes, int] = {}
        for row, key in enumerate(self.architectures.row_keys()):
            self._row_of.setdefault(key, row)

    def _padded(self, architectures: Architectures) -> Architectures:
        """Return architectures whose cells' arrays are as large as those of the space."""
        cells, vertices = architectures.cells, self.space.form.vertices
        return (
            architectures
            if cells.vertices == vertices
            else replace(architectures, cells=cells.padded(vertices))
        )

    @cached_property
    def _row_of_hash(self) -> dict[bytes, int]:
        hashes = network_keys(self.architectures)
        return dict(zip(reversed(hashes), reversed(range(len(hashes))), strict=True))

    def rows(self, architectures: Architectures) -> Int64[np.ndarray, " N"]:
        """Return the row of each architecture.

        Raises:
            ConfigError: one is not in the list.
        """
        rows = self.find(architectures)
        for row in np.flatnonzero(rows < 0)[:1]:
            text = self.space.format(architectures[row : row + 1])[0]
            raise ConfigError(f"{text} of {self.space.name} has no score")
        return rows

    def find(self, architectures: Architectures) -> Int64[np.ndarray, " N"]:
        """Return the row of each architecture; -1 where it is not in the list."""
        architectures = self._padded(architectures)
        keys = architectures.row_keys()
        rows = np.array([self._row_of.get(key, -1) for key in keys], dtype=np.int64)
        missing = np.flatnonzero(rows < 0)
        if len(missing):
            hashes = network_keys(architectures[missing])
            rows[missing] = [self._row_of_hash.get(key, -1) for key in hashes]
        return rows


def network_keys(architectures: Architectures) -> list[bytes]:
    """Return bytes that architectures of a space share whose networks compute the same.

    Those of cells are hashes of their canonical graphs, which have no dead vertex, no skip and no
    order, and the network's own attributes. In a sequence of blocks a skip has a place, so that
    equal ones alone share theirs. Arrays are of one size.
    """
    if architectures.skeleton is not None and architectures.skeleton.form in SEQUENCES:
        return architectures.row_keys()
    from tgnas.encodings import canonical  # noqa: PLC0415  # it imports torch

    cells, hashes = architectures.cells, []
    for start in range(0, len(cells), _CHUNK):
        graphs = canonical.canonicalise(cells[start : start + _CHUNK])
        # Graphs are as large as the largest of their part, and rounds of hashing as many.
        more = cells.vertices - graphs.operators.shape[1]
        operators = np.pad(graphs.operators, ((0, 0), (0, more)), constant_values=PADDING)
        edges = np.pad(graphs.edges, ((0, 0), (0, more), (0, more)))
        hashes.append(canonical.canonical_hashes(canonical.OperatorGraphs(operators, edges)))
    shape = len(architectures), architectures.cells_per_architecture
    rows, more = np.concatenate(hashes).reshape(shape), architectures.attribute_bytes()
    return [row.tobytes() + own.tobytes() for row, own in zip(rows, more, strict=True)]


def predicted(score: Callable[[Architectures], Scores]) -> Source:
    """Return the source that asks a predictor."""

    def answer(architectures: Architectures, fidelity: int | None) -> tuple[Scores, float]:
        _refuse(fidelity)
        return score(architectures), 0.0

    return answer


def tabulated(listing: Listing, scores: Scores) -> Source:
    """Return the source that looks up scores of any method, one for each listed architecture."""

    def answer(architectures: Architectures, fidelity: int | None) -> tuple[Scores, float]:
        _refuse(fidelity)
        return scores[listing.rows(architectures)], 0.0

    return answer


def measured(benchmark: Benchmark, listing: Listing, *, dataset: str, split: str) -> Source:
    """Return the source that looks up a benchmark's accuracies, as a search that trains sees them.

    The fidelity is the epochs of a training. Seconds come from the columns
    ``training_seconds/{dataset}/{epochs}``; a training of which none is known counts as none.

    Raises:
        UnknownNameError: nothing is known for that data set and split.
    """
    prefix = f"accuracy/{dataset}/{split}/"
    columns = [name for name in benchmark.table.column_names if name.startswith(prefix)]
    known = sorted(int(epochs) for name in columns if (epochs := name.rpartition("/")[2]).isdigit())
    if not known:
        kind = f"accuracy of {benchmark.name}"
        raise UnknownNameError(kind, prefix, benchmark.table.column_names)

    def answer(architectures: Architectures, fidelity: int | None) -> tuple[Scores, float]:
        epochs = max(known) if fidelity is None else fidelity
        if epochs not in known:
            raise ConfigError(
                f"{benchmark.name} has accuracies after {', '.join(map(str, known))} epochs of "
                f"{dataset}, not after {epochs}"
            )
        rows = listing.rows(architectures)
        accuracies = benchmark.accuracy(dataset=dataset, split=split, epochs=epochs)[rows]
        seconds = f"training_seconds/{dataset}/{epochs}"
        if seconds not in benchmark.table.column_names:
            return accuracies, 0.0
        return accuracies, float(benchmark.table.column(seconds).to_numpy()[rows].sum())

    return answer


def _refuse(fidelity: int | None) -> None:
    if fidelity is not None:
        raise ConfigError(
            f"only measured accuracies have a fidelity, so none is {number_of(fidelity, 'epoch')}"
        )
