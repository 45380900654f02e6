"""Files that carry the sha256 of their content: any flipped bit is noticed when they are opened."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tgnas.benchmarks.base import build_table, open_benchmark, write_table
from tgnas.encodings import embeddings as module
from tgnas.encodings.embeddings import OperatorEmbeddings, sentence_vectors
from tgnas.errors import CorruptTableError
from tgnas.files import once, sha256_of
from tgnas.inference.asked import available
from tgnas.inference.pretrained import load_pretrained, read_card
from tgnas.resources.seals import check_seal, read_parquet, seal, write_parquet
from tgnas.scoring.tables import read_scores, write_scores
from tgnas.spaces.space import open_space

WEIGHTS = Path(module.__file__).parents[1] / "weights"
FLIPS = 30


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def benchmark_file(folder: Path) -> Path:
    space = open_space("nasbench201")
    members = space.sample(50, np.random.default_rng(0))
    table = build_table(space, members, space.format(members), {"accuracy/a/b/1": np.arange(50.0)})
    write_table(table, folder / "small.arrow")
    return folder / "small.arrow"


def scores_file(folder: Path) -> Path:
    write_parquet(folder / "scores.parquet", pd.DataFrame({"architecture": ["a"], "seed0": [0.5]}))
    return folder / "scores.parquet"


def weights_file(folder: Path) -> Path:
    for path in WEIGHTS.glob("*.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder / "canonical.safetensors"


def vectors_file(folder: Path) -> Path:
    return weights_file(folder).with_name("minilm_short.parquet")


READERS: dict[Callable[[Path], Path], Callable[[Path], object]] = {
    benchmark_file: open_benchmark,
    scores_file: read_parquet,
    weights_file: lambda path: load_pretrained("canonical", path.parent),
    vectors_file: OperatorEmbeddings.read,
}


@pytest.mark.parametrize("make", READERS)
def test_one_flipped_bit_anywhere_is_noticed(make, tmp_path):
    path = make(tmp_path)
    READERS[make](path)
    content = path.read_bytes()
    for bit in np.random.default_rng(0).integers(8 * len(content), size=FLIPS):
        path.write_bytes(flipped(content, int(bit)))
        with pytest.raises(CorruptTableError):
            READERS[make](path)
    path.write_bytes(content)
    READERS[make](path)


def test_an_unchanged_file_is_hashed_once(tmp_path, monkeypatch):
    path, hashed = tmp_path / "a", []
    path.write_bytes(b"content")
    time.sleep(0.1)
    digest = once(path, "sha256", lambda p: hashed.append(p) or "digest")
    assert once(path, "sha256", lambda p: hashed.append(p) or "digest") == digest
    assert len(hashed) == 1
    facts = path.stat()
    path.write_bytes(b"CONTENT")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # as old and as large as before
    assert once(path, "sha256", lambda p: hashed.append(p) or "other") == "other"


def test_a_file_that_was_just_written_is_not_taken_for_known(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"content")
    first = sha256_of(path)
    path.write_bytes(b"CONTENT")
    assert sha256_of(path) != first


def test_a_large_benchmark_opens_in_a_tenth_of_a_second_the_second_time(tmp_path):
    space = open_space("nasbench201")
    members = space.enumerate()[np.arange(200_000) % 15_625]
    strings = np.array([f"{row:032x}" for row in range(200_000)])
    write_table(build_table(space, members, strings, {}), tmp_path / "large.arrow")
    time.sleep(0.1)
    open_benchmark(tmp_path / "large.arrow")
    start = time.process_time()
    open_benchmark(tmp_path / "large.arrow")
    assert time.process_time() - start < 0.1


def test_what_has_no_place_for_its_digest_is_not_sealed(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    with pytest.raises(ValueError, match="no place"):
        seal(tmp_path / "a")
    with pytest.raises(CorruptTableError, match="carries no sha256"):
        check_seal(tmp_path / "a")


def test_a_damaged_vector_of_a_description_is_made_anew_with_a_warning(tmp_path, caplog):
    known = OperatorEmbeddings.read(WEIGHTS / "minilm_short.parquet")
    first = sentence_vectors(["a strange new operator"], known, tmp_path)
    (kept,) = tmp_path.glob("*.npy")
    kept.write_bytes(flipped(kept.read_bytes(), 8 * 200))
    caplog.clear()
    again = sentence_vectors(["a strange new operator"], known, tmp_path)
    assert np.array_equal(first, again)
    assert "made anew" in caplog.text and kept.name in caplog.text
    caplog.clear()
    assert np.array_equal(sentence_vectors(["a strange new operator"], known, tmp_path), first)
    assert not caplog.text


@pytest.mark.parametrize("name", available())
def test_a_card_that_comes_with_the_package_names_the_sha256_of_its_weights(name):
    card = read_card(None, name)
    assert card["sha256"] == sha256_of(WEIGHTS / f"{name}.safetensors")


def test_weights_of_another_card_are_refused(tmp_path):
    weights_file(tmp_path)
    card = json.loads((tmp_path / "canonical.json").read_text()) | {"sha256": "0" * 64}
    (tmp_path / "canonical.json").write_text(json.dumps(card))
    with pytest.raises(CorruptTableError, match="not the weights of its card"):
        load_pretrained("canonical", tmp_path)


def test_scores_that_are_not_finite_are_counted_and_named(tmp_path, caplog):
    class Listed:
        name, strings = "few", ["a", "b", "c"]

    write_scores(tmp_path / "s.parquet", Listed, np.array([[0.1, np.nan, np.inf]]))
    assert "not finite: 2 of 3 scores" in caplog.text and "'b'" in caplog.text
    assert np.isnan(read_scores(tmp_path / "s.parquet", Listed)[0, 1])
