"""The restricted unpickler: what it reads, and that nothing else is run."""

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tgnas.errors import CorruptTableError
from tgnas.resources.fetch import DEFAULT_MIRROR, read_resources
from tgnas.resources.old_frames import load_old_frame_columns
from tgnas.resources.unpickle import load_frame_columns, load_records

ROOT = Path(__file__).parents[1]


# An old pandas' pickle, written opcode by opcode: no pandas of today writes it.


def name_of(module: str, name: str) -> bytes:
    """Return the opcode that fetches a global."""
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()


def tuple_of(*parts: bytes) -> bytes:
    """Return the opcodes of a tuple."""
    return pickle.MARK + b"".join(parts) + pickle.TUPLE


def call(function: bytes, *arguments: bytes) -> bytes:
    """Return the opcodes of a call."""
    return function + tuple_of(*arguments) + pickle.REDUCE


def plain(value: object) -> bytes:
    """Return the opcodes of a value of Python's own types."""
    return pickle.dumps(value, 2)[2:-1]


ARRAY, DTYPE = name_of("numpy", "ndarray"), name_of("numpy", "dtype")
RECONSTRUCT = name_of("numpy.core.multiarray", "_reconstruct")
MANAGER = name_of("pandas.core.internals.managers", "BlockManager")
NEW_BLOCK = name_of("pandas.core.internals.blocks", "new_block")
NEW_INDEX = name_of("pandas.core.indexes.base", "_new_Index")
RANGE = name_of("pandas.core.indexes.range", "RangeIndex")


def array_of(
    shape: tuple[int, ...], code: str, order: str, fortran: bool, content: object
) -> bytes:
    """Return the opcodes of an array."""
    dtype = call(DTYPE, plain(code), plain(False), plain(True))
    dtype += plain((3, order, None, None, None, -1, -1, 0)) + pickle.BUILD
    raw = pickle.SHORT_BINBYTES + bytes([len(content)]) + content  # at most 255 bytes
    state = tuple_of(plain(1), plain(shape), dtype, plain(fortran), raw)
    return call(RECONSTRUCT, ARRAY, plain((0,)), plain(0)) + state + pickle.BUILD


def frame_of(blocks: list[tuple[slice, np.ndarray]], names: list[str], order: str = "C") -> bytes:
    """Return the pickle of a frame with blocks of shape (columns, N)."""
    written = []
    for place, values in blocks:
        partial = call(name_of("functools", "partial"), NEW_BLOCK)
        partial += tuple_of(NEW_BLOCK, plain(()), plain({"ndim": 2}), plain(None)) + pickle.BUILD
        code, endian = values.dtype.str[1:], values.dtype.str[0]
        array = array_of(values.shape, code, endian, order == "F", values.tobytes(order))
        where = call(name_of("builtins", "slice"), *map(plain, (place.start, place.stop, 1)))
        written.append(call(partial, array, where))
    labels = call(RECONSTRUCT, ARRAY, plain((0,)), plain(0))
    labels += tuple_of(*map(plain, (1, (len(names),), None, False, names))) + pickle.BUILD
    index = name_of("pandas.core.indexes.base", "Index")
    columns = call(NEW_INDEX, index, plain({}) + plain("data") + labels + pickle.SETITEM)
    rows = call(NEW_INDEX, RANGE, plain({"start": 0}))
    axes = plain([]) + pickle.MARK + columns + rows + pickle.APPENDS
    manager = call(MANAGER, tuple_of(*written), axes)
    state = plain({"_typ": "dataframe"}) + plain("_mgr") + manager + pickle.SETITEM
    empty = name_of("pandas.core.frame", "DataFrame") + plain(()) + pickle.NEWOBJ
    return pickle.PROTO + b"\4" + empty + state + pickle.BUILD + pickle.STOP


NUMBERS = np.array([[1, 2, 3]])
SMALL = frame_of([(slice(0, 1), NUMBERS)], ["index"])


@given(
    hnp.arrays(st.sampled_from(["<f8", ">f8", "<f4"]), st.tuples(st.integers(1, 3), st.just(4))),
    st.sampled_from("CF"),
    st.booleans(),
)
def test_the_columns_come_back_by_name_in_the_frames_order(values, order, packed):
    names = ["index", "one", "two", "three"][: 1 + len(values)]
    whole = np.array([[0, 1, 2, 3]])
    data = frame_of([(slice(1, len(names)), values), (slice(0, 1), whole)], names, order)
    columns = load_frame_columns(gzip.compress(data) if packed else data)
    assert list(columns) == names
    assert columns["index"].dtype == np.int64
    np.testing.assert_array_equal(columns["index"], whole[0])
    for name, row in zip(names[1:], values, strict=True):
        np.testing.assert_array_equal(columns[name], row)
        assert columns[name].dtype.isnative


def test_a_column_may_be_written_to():
    columns = load_frame_columns(SMALL)
    columns["index"] += 1
    np.testing.assert_array_equal(load_frame_columns(SMALL)["index"], NUMBERS[0])


class Command:
    """Runs a command when it is unpickled by Python's own unpickler."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple:
        return self.call


def test_a_command_is_refused_and_not_run(tmp_path):
    data = pickle.dumps(Command(os.system, f"touch {tmp_path / 'ran'}"))
    with pytest.raises(CorruptTableError, match=r"asks for (posix|nt)\.system, which is refused"):
        load_frame_columns(data)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("builtins", "slice.__class__"),
        ("functools", "reduce"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "scalar"),
        ("pandas", "read_pickle"),
        ("pandas.core.frame", "DataFrame.eval"),
    ],
)
def test_every_other_name_is_refused(module, name):
    text = [pickle.SHORT_BINUNICODE + bytes([len(part)]) + part.encode() for part in (module, name)]
    data = pickle.PROTO + b"\4" + b"".join(text) + pickle.STACK_GLOBAL + pickle.STOP
    with pytest.raises(CorruptTableError, match=f"asks for {module}.{name}, which is refused"):
        load_frame_columns(data)


def test_a_partial_calls_nothing():
    partial = call(name_of("functools", "partial"), name_of("builtins", "slice"))
    data = call(partial, plain(1)) + pickle.STOP
    with pytest.raises(CorruptTableError, match="a DataFrame expected, _Block found"):
        load_frame_columns(data)


def test_a_stream_cannot_change_a_stand_in_for_the_next_one():
    change = name_of("pandas.core.frame", "DataFrame") + plain((None, {"arguments": 1}))
    with pytest.raises(CorruptTableError):
        load_frame_columns(change + pickle.BUILD + pickle.STOP)
    assert list(load_frame_columns(SMALL)) == ["index"]


@pytest.mark.parametrize("bomb", [pickle.BYTEARRAY8 + b"\xff" * 7, b"r\xff\xff\xff\x7f"])
def test_a_size_that_is_only_claimed_takes_no_memory(bomb):
    with pytest.raises(CorruptTableError, match=r"BYTEARRAY|bytearray8|LONG_BINPUT"):
        load_frame_columns(plain(1) + bomb + b"\0" + pickle.STOP)


@given(st.sampled_from([SMALL, gzip.compress(SMALL)]), st.data())
def test_a_cut_file_is_refused(whole, cut):
    data = whole[: cut.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(CorruptTableError):
        load_frame_columns(data)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps([1, 2]),
        frame_of([(slice(0, 1), NUMBERS)], ["index", "accuracy"]),
        frame_of([(slice(0, 2), NUMBERS)], ["index", "accuracy"]),
        frame_of([(slice(0, 1), NUMBERS), (slice(1, 2), NUMBERS[:, :2])], ["index", "accuracy"]),
        frame_of([(slice(0, 2), np.ones((2, 2)))], ["same", "same"]),
        frame_of([(slice(0, 1), np.array([["text"]]))], ["index"]),
        SMALL.replace(b"i8", b"O8"),
    ],
    ids=["no frame", "no block", "no row", "lengths", "names", "strings", "objects as bytes"],
)
def test_a_frame_that_does_not_add_up_is_refused(data):
    with pytest.raises(CorruptTableError, match="not a pickled frame of numbers"):
        load_frame_columns(data)


# Records


SCALAR = name_of("numpy.core.multiarray", "scalar")


def scalar_of(code: str, order: str, content: bytes) -> bytes:
    """Return the opcodes of one of numpy's numbers."""
    dtype = call(DTYPE, plain(code), plain(False), plain(True))
    dtype += plain((3, order, None, None, None, -1, -1, 0)) + pickle.BUILD
    return call(SCALAR, dtype, pickle.SHORT_BINBYTES + bytes([len(content)]) + content)


def record_of(value: bytes) -> bytes:
    """Return the pickle of one record of one number."""
    record = plain({}) + plain("perf") + value + pickle.SETITEM
    return pickle.PROTO + b"\3" + plain({}) + plain(7) + record + pickle.SETITEM + pickle.STOP


@given(number=st.floats(allow_nan=False), order=st.sampled_from("<>"), protocol=st.integers(2, 5))
def test_records_of_both_kinds_of_numbers_come_back(number, order, protocol):
    content = np.array(number, dtype=f"{order}f8").tobytes()
    assert load_records(record_of(scalar_of("f8", order, content))) == {7: {"perf": number}}
    assert load_records(pickle.dumps({7: {"perf": number}}, protocol)) == {7: {"perf": number}}


def test_many_records_come_back():
    records = {key: {"perf": key / 7, "latency": key / 3} for key in range(1000)}
    assert load_records(pickle.dumps(records, 3)) == records


def test_records_that_hold_a_command_are_refused_and_it_is_not_run(tmp_path):
    data = pickle.dumps({7: {"perf": Command(os.system, f"touch {tmp_path / 'ran'}")}})
    with pytest.raises(CorruptTableError, match=r"asks for (posix|nt)\.system, which is refused"):
        load_records(data)
    assert list(tmp_path.iterdir()) == []


def test_records_need_no_frame():
    with pytest.raises(CorruptTableError, match="DataFrame, which is refused"):
        load_records(SMALL)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps([1.0]),
        pickle.dumps({7: 1.0}),
        pickle.dumps({7: {"perf": "1.0"}}),
        record_of(scalar_of("O8", "|", b"12345678")),
        record_of(scalar_of("f8", "<", b"1234567812345678")),
        b"r\xff\xff\xff\x7f.",
        pickle.dumps({7: {"perf": 1.0}})[:-1],
    ],
    ids=["list", "no record", "string", "object", "two numbers", "memo", "cut"],
)
def test_records_that_do_not_add_up_are_refused(data):
    with pytest.raises(CorruptTableError, match="not pickled records of numbers"):
        load_records(data)


# The mirror's files


def columns_of(name: str) -> dict[str, np.ndarray]:
    """Return the columns of a real file, from the mirror."""
    if not (ROOT / DEFAULT_MIRROR).is_dir():
        pytest.skip("the mirror folder is not there")
    resource = read_resources(ROOT / "config" / "resources.tsv")[name]
    return load_frame_columns((ROOT / DEFAULT_MIRROR / resource.mirror_path).read_bytes())


def test_the_real_accuracies_are_read():
    columns = columns_of("nasbench101/accuracies.pkl.gz")
    assert list(columns) == ["index", "accuracy"]
    accuracy = columns["accuracy"]
    np.testing.assert_array_equal(columns["index"], np.arange(423_624))
    assert accuracy.max() == pytest.approx(0.943176, abs=5e-7)
    # The best hash begins 02e5a024: 0x02e5a024 / 2**32 of 423,624 rows is about row 4,794.
    assert accuracy.argmax() == pytest.approx(4794, abs=200)
    assert accuracy.mean() == pytest.approx(0.89680, abs=5e-6)
    # 3 runs of 9,984 test images (156 batches of 64): every value a multiple of 1/29952.
    assert np.abs(accuracy * 29_952 - np.rint(accuracy * 29_952)).max() < 1e-3


def test_the_real_parameters_are_read():
    columns = columns_of("nasbench101/params.pkl.gz")
    assert list(columns) == ["index", "params", "time=[s]", "time_pure=[s]"]
    np.testing.assert_array_equal(columns["index"], np.arange(423_624))
    assert all(values.shape == (423_624,) for values in columns.values())
    assert 0.2 < columns["params"].min() < columns["params"].max() < 50  # millions


# Frames of pandas 1.0


def old_frame_of(blocks: list[tuple[slice, object]], names: list[str]) -> bytes:
    """Return the pickle of an old frame: blocks of numbers (columns, N) or of one row of texts."""
    written = []
    for place, values in blocks:
        if isinstance(values, list):
            kind = call(DTYPE, plain("O8"), plain(False), plain(True))
            kind += plain((3, "|", None, None, None, -1, -1, 63)) + pickle.BUILD
            array = call(RECONSTRUCT, ARRAY, plain((0,)), plain(0))
            array += tuple_of(plain(1), plain((1, len(values))), kind, plain(False), plain(values))
            array += pickle.BUILD
        else:
            kind = call(DTYPE, plain(values.dtype.str[1:]), plain(False), plain(True))
            kind += plain((3, "<", None, None, None, -1, -1, 0)) + pickle.BUILD
            raw = pickle.SHORT_BINBYTES + bytes([values.nbytes]) + values.tobytes()
            array = call(FROM_BUFFER, raw, kind, plain(values.shape), plain("C"))
        where = call(name_of("builtins", "slice"), *map(plain, (place.start, place.stop, 1)))
        written.append(dict_of({"values": array, "mgr_locs": where}))
    labels = call(RECONSTRUCT, ARRAY, plain((0,)), plain(0))
    labels += tuple_of(*map(plain, (1, (len(names),), None, False, names))) + pickle.BUILD
    index = name_of("pandas.core.indexes.base", "Index")
    columns = call(NEW_INDEX, index, dict_of({"data": labels}))
    axes = list_of(columns, call(NEW_INDEX, RANGE, plain({"start": 0})))
    whole = dict_of({"0.14.1": dict_of({"axes": axes, "blocks": list_of(*written)})})
    state = tuple_of(plain([]), plain([]), plain([]), whole)
    manager = MANAGER + plain(()) + pickle.NEWOBJ + state + pickle.BUILD
    empty = name_of("pandas.core.frame", "DataFrame") + plain(()) + pickle.NEWOBJ
    frame = empty + dict_of({"_data": manager, "_typ": plain("dataframe")}) + pickle.BUILD
    return pickle.PROTO + b"\5" + frame + pickle.STOP


def list_of(*parts: bytes) -> bytes:
    """Return the opcodes of a list."""
    return pickle.EMPTY_LIST + pickle.MARK + b"".join(parts) + pickle.APPENDS


def dict_of(parts: dict[str, bytes]) -> bytes:
    """Return the opcodes of a dictionary."""
    pairs = b"".join(plain(name) + value for name, value in parts.items())
    return pickle.EMPTY_DICT + pickle.MARK + pairs + pickle.SETITEMS


FROM_BUFFER = name_of("numpy.core.numeric", "_frombuffer")
TEXTS = ["one", "two"]
OLD = [(slice(1, 3), np.array([[0.5, 1.5], [2.5, 3.5]])), (slice(0, 1), np.array([[0, 1]]))]
OLD += [(slice(3, 4), TEXTS)]


def test_an_old_frame_gives_its_numbers_and_texts_in_its_order():
    columns = load_old_frame_columns(old_frame_of(OLD, ["index", "val", "test", "cell"]))
    assert list(columns) == ["index", "val", "test", "cell"]
    assert columns["cell"].tolist() == TEXTS
    assert columns["index"].dtype == np.int64
    np.testing.assert_array_equal(columns["test"], [2.5, 3.5])
    columns["val"] += 1  # they may be written to


@pytest.mark.parametrize(
    "data",
    [
        SMALL,
        old_frame_of(OLD, ["index", "val", "test", "cell", "more"]),
        old_frame_of(OLD, ["index", "val", "val", "cell"]),
        old_frame_of([*OLD[:2], (slice(3, 4), ["one"])], ["index", "val", "test", "cell"]),
        old_frame_of(OLD, ["index", "val", "test", "cell"]).replace(b"f8", b"O8"),
        old_frame_of([(slice(0, 1), [1, 2])], ["cell"]),
    ],
    ids=["new", "no block", "names", "lengths", "objects as bytes", "texts that are numbers"],
)
def test_an_old_frame_that_does_not_add_up_is_refused(data):
    with pytest.raises(CorruptTableError, match="not an old pickled frame"):
        load_old_frame_columns(data)


def test_an_old_frame_cannot_run_anything_either(tmp_path):
    data = pickle.dumps(Command(os.system, f"touch {tmp_path / 'ran'}"))
    with pytest.raises(CorruptTableError, match=r"asks for (posix|nt)\.system, which is refused"):
        load_old_frame_columns(data)
    assert list(tmp_path.iterdir()) == []
