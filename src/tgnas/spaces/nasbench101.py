"""NAS-Bench-101 (Ying et al., ICML 2019): operators on vertices, 423,624 distinct cells.

A cell has at most 7 vertices and 9 edges, operators conv3x3-bn-relu, conv1x1-bn-relu and
maxpool3x3 between input and output, and every vertex lies on a path from input to output.
An architecture string names the operators and the edges::

    input,conv3x3-bn-relu,output;0-1,1-2
"""

from collections.abc import Callable, Iterator
from functools import partial
from hashlib import md5

import numpy as np
from jaxtyping import Int32, UInt8
from tqdm import tqdm

from tgnas.cell import Cells, isomorphism_hashes, triangle
from tgnas.errors import InvalidCellError
from tgnas.operators import CODES, PADDING
from tgnas.processes import pool_of, results_of
from tgnas.spaces.forms.nodes import NodeKeys, OperatorsOnNodes
from tgnas.spaces.skeleton import NetworkKeys
from tgnas.spaces.space import Space, alphabet_of

MAX_VERTICES = 7
MAX_EDGES = 9
STEM_CHANNELS = 128
STACKS = 3
CELLS_PER_STACK = 3
# The benchmark's own labels of operators, which enter its hash.
LABELS = {"input": -1, "output": -2, "conv_3x3": 0, "conv_1x1": 1, "max_pool_3x3": 2}
DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


class NasBench101(OperatorsOnNodes):
    """Operators on at most 7 nodes, which can be listed by the benchmark's own hash."""

    def enumerate(self) -> Cells:
        """Return one cell of each isomorphism class, all 423,624, as ``enumerate_cells`` does."""
        return enumerate_cells()[0]


SPACE = Space(
    "nasbench101",
    "NAS-Bench-101 (Ying et al., ICML 2019), 423,624 distinct cells",
    NasBench101(
        alphabet_of("nasbench101", ("conv_3x3", "conv_1x1", "max_pool_3x3")),
        NodeKeys(max_nodes=MAX_VERTICES, max_edges=MAX_EDGES, connected=True),
    ),
    network=NetworkKeys(
        width=STEM_CHANNELS,
        depth=STACKS * CELLS_PER_STACK,
        between="pool",
        concatenated=True,
        counting="suite_zero",
    ),
)


def enumerate_cells(
    max_vertices: int = MAX_VERTICES, processes: int = 1
) -> tuple[Cells, np.ndarray]:
    """Return one cell of each isomorphism class, and the benchmark's hashes of shape (N,).

    Of the labelled graphs with one hash the first is kept, in ascending order of the adjacency's
    bits and then of the labels. Classes come in ascending order of the hash: with all 7 vertices
    position i is row i of the official file.
    """
    # Isomorphic graphs agree in all three counts, so each triple is a task of its own.
    counts = [
        (vertices, edges, convolutions)
        for vertices in range(max_vertices, 1, -1)
        for edges in range(min(MAX_EDGES, vertices * (vertices - 1) // 2), vertices - 2, -1)
        for convolutions in range(vertices - 1)
    ]
    with pool_of(processes) as pool:
        done = results_of(pool, _distinct_graphs, counts)
        parts = list(tqdm(done, "enumerate nasbench101", len(counts), disable=None))
    cells = Cells.concatenate(part.padded(max_vertices) for part, _ in parts)
    hashes = np.concatenate([hashes for _, hashes in parts])
    order = np.argsort(hashes)
    return cells[order], hashes[order]


def _distinct_graphs(vertices: int, edges: int, convolutions: int) -> tuple[Cells, np.ndarray]:
    """Return the first labelled graph of each hash, and the hashes.

    Graphs of one class share a hash that costs a small part of the benchmark's, too, so that of
    each class one graph is given the benchmark's.
    """
    labelled = _labelled_graphs(vertices, edges, convolutions)
    cheap = isomorphism_hashes(labelled.operators, labelled.adjacency().astype(np.int16))
    first = np.unique(cheap, return_index=True)[1]
    labelled = labelled[np.sort(first)]
    digests, state = _hashed(labelled)
    numbers, first = np.unique(state, return_index=True)
    return labelled[first], np.array(digests)[numbers]


def _labelled_graphs(vertices: int, edges: int, convolutions: int) -> Cells:
    """Return all labelled graphs with that many 3x3 convolutions; 1,293,208 over all counts."""
    source, target = triangle(vertices)
    bits = np.arange(2 ** len(source), dtype=np.uint32)
    bits = bits[np.flatnonzero(np.bitwise_count(bits) == edges)]
    adjacency = np.zeros((len(bits), vertices, vertices), dtype=bool)
    adjacency[:, source, target] = bits[:, None] >> np.arange(len(source), dtype=np.uint32) & 1
    # In an upper-triangular graph every vertex is on a path from the first to the last if all but
    # the last have a way out and all but the first a way in.
    ways = np.any(adjacency[:, :-1], axis=2) & np.any(adjacency[:, :, 1:], axis=1)
    adjacency = adjacency[ways.all(axis=1)]
    inner = np.array(list(SPACE.operators.values()), dtype=np.uint8)
    count = len(inner) ** (vertices - 2)
    choice = np.indices((len(inner),) * (vertices - 2)).reshape(vertices - 2, count).T
    choice = choice[(inner[choice] == CODES["conv_3x3"]).sum(axis=1) == convolutions]
    labels = np.empty((len(choice), vertices), dtype=np.uint8)
    labels[:, 0], labels[:, 1:-1], labels[:, -1] = CODES["input"], inner[choice], CODES["output"]
    return Cells.from_arrays(
        np.tile(labels, (len(adjacency), 1)), np.repeat(adjacency, len(labels), axis=0)
    )


def module_hashes(cells: Cells) -> np.ndarray:
    """Return the benchmark's graph hash of N cells of one size, hex digests of shape (N,).

    h0(v) = md5(str((out degree, in degree, label))); then V times
    h(v) = md5(join(sorted in-neighbours) + "|" + join(sorted out-neighbours) + "|" + h(v));
    the module's hash is md5(str(sorted(h))) (google-research/nasbench, lib/graph_util.py).

    A vertex's hash depends only on the hashes around it, so each distinct surrounding is hashed
    once; hashes are numbered in ascending order, which makes sorting them sorting numbers.

    Raises:
        InvalidCellError: a cell is smaller than the arrays.
    """
    if (cells.operators == PADDING).any():
        raise InvalidCellError("module_hashes takes cells of one size; some of these are padded")
    digests, state = _hashed(cells)
    return np.array(digests)[state]


def _hashed(cells: Cells) -> tuple[list[str], np.ndarray]:
    """Return the sorted distinct module hashes, and each cell's place in them."""
    adjacency = cells.adjacency()
    count, size = cells.operators.shape
    label = np.zeros(256, dtype=np.int32)
    for name, value in LABELS.items():
        label[CODES[name]] = value
    degrees = [adjacency.sum(axis=axis, dtype=np.int32) for axis in (2, 1)]
    start = np.stack([*degrees, label[cells.operators]]).reshape(3, count * size)
    digests, state = _hash_rows(start, _start_texts)
    for _ in range(size):
        around = _surroundings(state.reshape(count, size), adjacency)
        digests, state = _hash_rows(around, partial(_surrounding_texts, _hexadecimal(digests)))
    final = np.sort(state.reshape(count, size), axis=1)
    digests, state = _hash_rows(
        np.ascontiguousarray(final.T), partial(_final_texts, _hexadecimal(digests))
    )
    return [text.tobytes().decode() for text in _hexadecimal(digests)], state


# Texts of one length as a matrix of bytes, with the rows that they stand for.
Texts = Iterator[tuple[np.ndarray, UInt8[np.ndarray, "n length"]]]


def _start_texts(columns: np.ndarray) -> Texts:
    """Yield the text of (out degree, in degree, label), one at a time: there are few."""
    for number, row in enumerate(columns.T.tolist()):
        text = np.frombuffer(str(tuple(row)).encode(), dtype=np.uint8)
        yield np.array([number]), text[None]


def _surrounding_texts(hexadecimal: UInt8[np.ndarray, "D 32"], columns: np.ndarray) -> Texts:
    """Yield the texts of sorted in-neighbours, sorted out-neighbours and self; -1 is none."""
    size = len(columns) // 2
    into, out, own = np.split(columns, [size, 2 * size])
    shape = (into >= 0).sum(axis=0) * (size + 1) + (out >= 0).sum(axis=0)
    for number in np.flatnonzero(np.bincount(shape)):
        alike = np.flatnonzero(shape == number)
        incoming, outgoing = divmod(int(number), size + 1)
        parts = [*into[size - incoming :, alike], b"|", *out[size - outgoing :, alike]]
        yield alike, _joined(hexadecimal, [*parts, b"|", *own[:, alike]], len(alike))


def _final_texts(hexadecimal: UInt8[np.ndarray, "D 32"], columns: np.ndarray) -> Texts:
    """Yield the texts of Python's own print of the list of all vertices' hashes."""
    count, parts = columns.shape[1], list[np.ndarray | bytes]([b"['"])
    for column in columns:
        parts += [column, b"', '"]
    yield np.arange(count), _joined(hexadecimal, [*parts[:-1], b"']"], count)


def _joined(
    hexadecimal: UInt8[np.ndarray, "D 32"], columns: list[np.ndarray | bytes], count: int
) -> UInt8[np.ndarray, "n length"]:
    """Return texts that consist of digests, given by their numbers, and of fixed parts."""
    parts = [
        np.tile(np.frombuffer(column, dtype=np.uint8), (count, 1))
        if isinstance(column, bytes)
        else hexadecimal[column]
        for column in columns
    ]
    return np.concatenate(parts, axis=1)


def _hexadecimal(digests: UInt8[np.ndarray, "D 16"]) -> UInt8[np.ndarray, "D 32"]:
    halves = np.stack([digests >> 4, digests & 15], axis=2).reshape(len(digests), -1)
    return DIGITS[halves]


def _surroundings(state: np.ndarray, adjacency: np.ndarray) -> np.ndarray:
    """Return sorted in-neighbours, sorted out-neighbours and self; -1 is none.

    Columns come first: 2V + 1 rows of one entry for each vertex of each cell.
    """
    count, size = state.shape
    around = np.empty((2 * size + 1, count, size), dtype=np.int32)
    for place, edges in ((0, adjacency.transpose(0, 2, 1)), (size, adjacency)):
        neighbours = np.where(edges, state[:, None, :], np.int32(-1))
        neighbours.sort(axis=2)
        around[place : place + size] = neighbours.transpose(2, 0, 1)
    around[-1] = state
    return around.reshape(2 * size + 1, count * size)


def _hash_rows(
    columns: Int32[np.ndarray, "length n"], texts_of: Callable[[np.ndarray], Texts]
) -> tuple[UInt8[np.ndarray, "D 16"], np.ndarray]:
    """Return the sorted distinct md5 digests of all rows' texts, and each row's place in them."""
    key = np.zeros(columns.shape[1], dtype=np.uint64)
    for column in columns:
        key ^= column.astype(np.uint64)
        key *= np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    if not all(np.array_equal(column[first][inverse], column) for column in columns):
        raise ArithmeticError("two different rows have one 64-bit key")
    digests = np.empty((len(first), 16), dtype=np.uint8)
    for numbers, texts in texts_of(columns[:, first]):
        length, flat = texts.shape[1], texts.tobytes()
        cuts = range(0, len(flat), length)
        joined = b"".join([md5(flat[cut : cut + length]).digest() for cut in cuts])
        digests[numbers] = np.frombuffer(joined, dtype=np.uint8).reshape(-1, 16)
    high, low = digests.view(">u8").astype(np.uint64).T
    order = np.lexsort((low, high))
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order))
    return digests[order], rank[inverse]
