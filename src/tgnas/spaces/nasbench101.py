"""NAS-Bench-101 (Ying et al., ICML 2019): operators on vertices, 423,624 distinct cells.

A cell has at most 7 vertices and 9 edges, operators conv3x3-bn-relu, conv1x1-bn-relu and
maxpool3x3 between input and output, and every vertex lies on a path from input to output.
An architecture string names the operators and the edges::

    input,conv3x3-bn-relu,output;0-1,1-2
"""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import md5

import numpy as np
from jaxtyping import Bool, UInt8
from tqdm import tqdm

from tgnas.cell import Cell, Cells, triangle
from tgnas.errors import InvalidCellError, UnknownNameError
from tgnas.operators import CODES, PADDING, spellings

MAX_VERTICES = 7
MAX_EDGES = 9
# The benchmark's own labels of operators, which enter its hash.
LABELS = {"input": -1, "output": -2, "conv_3x3": 0, "conv_1x1": 1, "max_pool_3x3": 2}

NUMBER = re.compile("[0-9]+")
DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


class NasBench101:
    """The NAS-Bench-101 search space."""

    name = "nasbench101"
    spelling = spellings("nasbench101")
    operators = ("conv_3x3", "conv_1x1", "max_pool_3x3")
    shares = (1.0,)

    def parse(self, architecture: str) -> Cell:
        """Return the cell of an architecture string.

        Raises:
            InvalidCellError: wrong form, too many vertices or edges, or a vertex off every path.
            UnknownNameError: an operator that the space does not have.
        """
        names = {spelled: name for name, spelled in self.spelling.items()}
        left, _, right = architecture.strip().partition(";")
        operators = left.split(",")
        for spelled in operators:
            if spelled not in names:
                raise UnknownNameError("nasbench101 operator", spelled, names)
        pairs = [edge.split("-") for edge in right.split(",") if edge]
        if not all(len(pair) == 2 and all(map(NUMBER.fullmatch, pair)) for pair in pairs):
            raise InvalidCellError(
                f"nasbench101: edges of {architecture!r} are not of the form '0-1,1-2'"
            )
        edges = tuple(sorted((int(source), int(target)) for source, target in pairs))
        return self.checked(Cell(tuple(names[spelled] for spelled in operators), edges))

    def checked(self, cell: Cell) -> Cell:
        """Return a cell that obeys the rules of the space.

        Raises:
            InvalidCellError: the rule that it breaks.
        """
        inner = set(cell.operators[1:-1])
        if not inner <= set(self.operators):
            raise InvalidCellError(f"nasbench101 has no {sorted(inner - set(self.operators))}")
        if len(cell.operators) > MAX_VERTICES or len(cell.edges) > MAX_EDGES:
            raise InvalidCellError(
                f"nasbench101: {len(cell.operators)} vertices and {len(cell.edges)} edges; allowed "
                f"are at most {MAX_VERTICES} and {MAX_EDGES}"
            )
        if not spans(cell.adjacency()[None])[0]:
            raise InvalidCellError(
                "nasbench101: every vertex must lie on a path from input to output, not so in "
                f"{cell.edges}"
            )
        return cell

    def format(self, cell: Cell) -> str:
        """Return the architecture string of a cell of this space."""
        self.checked(cell)
        operators = ",".join(self.spelling[name] for name in cell.operators)
        return f"{operators};" + ",".join(f"{source}-{target}" for source, target in cell.edges)

    def cells(self, architectures: Sequence[str]) -> Cells:
        """Return the packed cells of N architecture strings, padded to 7 vertices."""
        return Cells.from_cells([self.parse(text) for text in architectures]).padded(MAX_VERTICES)

    def enumerate(
        self, max_vertices: int = MAX_VERTICES, processes: int = 1
    ) -> tuple[Cells, np.ndarray]:
        """Return one cell of each isomorphism class, and the benchmark's hashes of shape (N,).

        Of the labelled graphs with one hash the first is kept, in ascending order of the
        adjacency's bits and then of the labels. Classes come in ascending order of the hash: with
        all 7 vertices position i is row i of the official file.
        """
        # Isomorphic graphs agree in all three counts, so each triple is a task of its own.
        counts = [
            (vertices, edges, convolutions)
            for vertices in range(max_vertices, 1, -1)
            for edges in range(min(MAX_EDGES, vertices * (vertices - 1) // 2), vertices - 2, -1)
            for convolutions in range(vertices - 1)
        ]
        with ProcessPoolExecutor(processes) as pool:
            done = pool.map(_distinct_graphs, *zip(*counts, strict=True))
            parts = list(tqdm(done, "enumerate nasbench101", len(counts), disable=None))
        cells = Cells.concatenate(part.padded(max_vertices) for part, _ in parts)
        hashes = np.concatenate([hashes for _, hashes in parts])
        order = np.argsort(hashes)
        return cells[order], hashes[order]


SPACE = NasBench101()


def spans(adjacency: Bool[np.ndarray, "N V V"]) -> Bool[np.ndarray, " N"]:
    """Tell where every vertex lies on a path from the first to the last.

    In an upper-triangular graph that is so when all vertices but the last have a way out and all
    but the first a way in.
    """
    out = np.any(adjacency[:, :-1], axis=2)
    into = np.any(adjacency[:, :, 1:], axis=1)
    return np.all(out & into, axis=1)


def _distinct_graphs(vertices: int, edges: int, convolutions: int) -> tuple[Cells, np.ndarray]:
    """Return the first labelled graph of each hash, and the hashes."""
    labelled = _labelled_graphs(vertices, edges, convolutions)
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
    adjacency = adjacency[np.flatnonzero(spans(adjacency))]
    inner = np.array([CODES[name] for name in SPACE.operators], dtype=np.uint8)
    ensembles = len(inner) ** (vertices - 2)
    choice = np.indices((len(inner),) * (vertices - 2)).reshape(vertices - 2, ensembles).T
    choice = choice[(choice == SPACE.operators.index("conv_3x3")).sum(axis=1) == convolutions]
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
    label = np.zeros(256, dtype=np.int64)
    for name, value in LABELS.items():
        label[CODES[name]] = value
    start = np.stack(
        [adjacency.sum(axis=2), adjacency.sum(axis=1), label[cells.operators]], axis=-1
    ).reshape(count * size, 3)
    digests, state = _hash_rows(start, _start_texts)
    for _ in range(size):
        around = _surroundings(state.reshape(count, size), adjacency)
        texts = partial(_surrounding_texts, _hexadecimal(digests))
        digests, state = _hash_rows(around.reshape(count * size, -1), texts)
    final = np.sort(state.reshape(count, size), axis=1)
    digests, state = _hash_rows(final, partial(_final_texts, _hexadecimal(digests)))
    return [text.tobytes().decode() for text in _hexadecimal(digests)], state


# Texts of one length as a matrix of bytes, with the rows that they stand for.
Texts = Iterator[tuple[np.ndarray, UInt8[np.ndarray, "n length"]]]


def _start_texts(rows: np.ndarray) -> Texts:
    """Yield the text of (out degree, in degree, label), one at a time: there are few."""
    for number, row in enumerate(rows.tolist()):
        text = np.frombuffer(str(tuple(row)).encode(), dtype=np.uint8)
        yield np.array([number]), text[None]


def _surrounding_texts(hexadecimal: UInt8[np.ndarray, "D 32"], rows: np.ndarray) -> Texts:
    """Yield the texts of sorted in-neighbours, sorted out-neighbours and self; -1 is none."""
    into, out, own = np.split(rows, [rows.shape[1] // 2, rows.shape[1] - 1], axis=1)
    size = into.shape[1]
    shape = (into >= 0).sum(axis=1) * (size + 1) + (out >= 0).sum(axis=1)
    for number in np.flatnonzero(np.bincount(shape)):
        alike = np.flatnonzero(shape == number)
        incoming, outgoing = divmod(int(number), size + 1)
        columns = [*into[alike, size - incoming :].T, b"|", *out[alike, size - outgoing :].T]
        yield alike, _joined(hexadecimal, [*columns, b"|", *own[alike].T], len(alike))


def _final_texts(hexadecimal: UInt8[np.ndarray, "D 32"], rows: np.ndarray) -> Texts:
    """Yield the texts of Python's own print of the list of all vertices' hashes."""
    columns: list[np.ndarray | bytes] = [b"['"]
    for column in rows.T:
        columns += [column, b"', '"]
    yield np.arange(len(rows)), _joined(hexadecimal, [*columns[:-1], b"']"], len(rows))


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
    """Return sorted in-neighbours, sorted out-neighbours and self of each vertex; -1 is none."""
    into = np.where(adjacency.transpose(0, 2, 1), state[:, None, :], -1)
    out = np.where(adjacency, state[:, None, :], -1)
    return np.concatenate([np.sort(into, axis=2), np.sort(out, axis=2), state[:, :, None]], axis=2)


def _hash_rows(
    rows: np.ndarray, texts_of: Callable[[np.ndarray], Texts]
) -> tuple[UInt8[np.ndarray, "D 16"], np.ndarray]:
    """Return the sorted distinct md5 digests of all rows' texts, and each row's place in them."""
    key = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        key = (key ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    if not np.array_equal(rows[first][inverse], rows):
        raise ArithmeticError("two different rows have one 64-bit key")
    digests = np.empty((len(first), 16), dtype=np.uint8)
    for numbers, texts in texts_of(rows[first]):
        length, flat = texts.shape[1], texts.tobytes()
        cuts = range(0, len(flat), length)
        found = b"".join([md5(flat[cut : cut + length]).digest() for cut in cuts])
        digests[numbers] = np.frombuffer(found, dtype=np.uint8).reshape(-1, 16)
    high, low = digests.view(">u8").T
    order = np.lexsort((low, high))
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order))
    return digests[order], rank[inverse]
