"""Types are checked while tests run: arguments, results, shapes; in the package, too."""

from collections.abc import Iterator
from dataclasses import dataclass

import jaxtyping
import numpy as np
import pytest
from beartype import beartype
from checks import checked
from jaxtyping import Float, jaxtyped

from tgnas.cell import Cells
from tgnas.spaces.nasbench_graph import cells_of_keys, key_of


@checked(typechecker=beartype)
def halved(number: int, wrongly: bool = False) -> int:
    return number / 2 if wrongly else number // 2


@checked(typechecker=beartype)
def product(
    matrix: Float[np.ndarray, "a b"], vector: Float[np.ndarray, " b"]
) -> Float[np.ndarray, " a"] | None:
    return vector if len(vector) == 7 else matrix @ vector


@checked(typechecker=beartype)
@dataclass(frozen=True)
class Pair:
    matrix: Float[np.ndarray, "a b"]
    vector: Float[np.ndarray, " b"]


@checked(typechecker=beartype)
def counted(number: int) -> Iterator[int]:
    yield from range(number)


def refused() -> pytest.RaisesExc:
    return pytest.raises(jaxtyping.TypeCheckError)


def test_the_package_is_checked_by_these():
    assert jaxtyped is checked
    assert key_of((0, 1, 2, 3), (0, 1, 2, 3)) > 0
    with refused():
        key_of("text", (0, 1, 2, 3))
    with refused():
        cells_of_keys(np.zeros((2, 2), dtype=np.int64))


def test_an_argument_and_a_result_of_another_type_are_refused():
    assert halved(4) == 2
    with refused():
        halved("4")
    with refused():
        halved(4, wrongly=True)


def test_dimensions_of_one_name_are_of_one_size():
    assert len(product(np.ones((2, 3)), np.ones(3))) == 2
    assert len(product(np.ones((3, 4)), np.ones(4))) == 3  # each call by itself
    with refused():
        product(np.ones((2, 3)), np.ones(4))
    with refused():
        product(np.ones((2, 7)), np.ones(7))  # the result has b entries, not a


def test_fields_of_a_dataclass_are_arguments():
    assert Pair(np.ones((2, 3)), np.ones(3)).vector.shape == (3,)
    with refused():
        Pair(np.ones((2, 3)), np.ones(4))
    with refused():
        Pair("text", np.ones(3))
    with refused():
        Cells(np.zeros((2, 3), dtype=np.int64), np.zeros((2, 1), dtype=np.uint8))


def test_a_generator_stays_one():
    assert list(counted(2)) == [0, 1]
    with refused():
        counted("2")


def test_nothing_is_checked_where_checks_are_off(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    assert halved(4.0) == 2.0
    assert len(product(np.ones((2, 7)), np.ones(7))) == 7
