"""Small inputs that ask for much: refused at once, in one line, within little memory."""

import gzip
import io
import pickle
import resource
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
import typer
import yaml
from PIL import Image
from typer.testing import CliRunner

from tgnas.cli import app
from tgnas.cli.common import guarded
from tgnas.errors import ConfigError, CorruptTableError, DataError
from tgnas.image_training.copies import read_mosaics
from tgnas.image_training.images import load_cifar10
from tgnas.inference.asked import architecture_in
from tgnas.resources.old_frames import load_old_frame_columns
from tgnas.resources.unpickle import load_frame_columns, load_image_batch, load_records
from tgnas.results._cell_drawing import write_picture
from tgnas.spaces.space import open_space
from tgnas.validation import read_json, read_yaml
from tgnas.workflow.config.checks import read_config

ROOT = Path(__file__).parents[1]
SPACE = """name: own
operators: {{a: '{description}', b: {{kind: zero}}}}
cells: {{form: operators_on_nodes, max_nodes: 4}}
"""
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)
LOOP = "a: &a [*a]\n"
TEXTS = {
    "counted anew": LAUGHS,
    "behind aliases": LOOP,
    "levels": "[" * 100_000,
    "digits": "a: " + "1" * 5_000,
    "characters": "a: " + "x" * 2_000_000,
}


@pytest.mark.parametrize("reason", TEXTS)
def test_a_yaml_text_that_asks_for_much_is_refused_at_once(tmp_path, reason):
    start = time.process_time()
    with pytest.raises(ValueError, match=reason):
        read_yaml(TEXTS[reason])
    (tmp_path / "own.yaml").write_text(TEXTS[reason])
    with pytest.raises(ConfigError, match=reason):
        open_space(tmp_path / "own.yaml")
    assert time.process_time() - start < 3


def test_a_json_text_of_many_levels_is_refused(tmp_path):
    (tmp_path / "found.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match="no JSON object"):
        architecture_in(str(tmp_path / "found.json"))
    with pytest.raises(ValueError, match="levels"):
        read_json("[" * 100_000)


@pytest.mark.parametrize("values", [{"seeds": yaml.safe_load(LAUGHS)}, yaml.safe_load(LOOP)])
def test_values_behind_aliases_are_refused_whoever_read_them(values):
    """Snakemake reads a config itself, and hands over what its aliases stand for."""
    start = time.process_time()
    with pytest.raises(ConfigError, match="behind aliases are counted anew"):
        read_config(values)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("file", sorted(ROOT.glob("config/**/*.yaml")), ids=lambda path: path.stem)
def test_the_projects_own_files_are_within_the_limits(file):
    assert read_yaml(file.read_text())


def memoised(levels: int) -> bytes:
    """Return a pickle of a tuple of two tuples of two ..., all the same, as the key of a dict."""
    pairs = (b"q%ch%c\x86" % (level, level) for level in range(levels))
    return b"".join([b"\x80\x02})", *pairs, b"K\x01s."])


def nested(levels: int) -> bytes:
    return b"\x80\x02})" + b"\x85" * levels + b"K\x01s."


def repeated(count: int) -> bytes:
    """Return one dictionary of many records, standing at many keys."""
    inner = {f"n{n}": 1.0 for n in range(count)}
    return pickle.dumps(dict.fromkeys(range(count), inner), protocol=2)


PICKLES = {
    "a tuple that doubles": memoised(60),
    "a tuple within a tuple": nested(1_000_000),
    "one record at many keys": repeated(20_000),
    "a copy of what stands above": b"\x80\x02}K\x012u.",
    "a set": b"\x80\x04\x8f.",
}
READERS = [load_records, load_image_batch, load_frame_columns, load_old_frame_columns]


@pytest.mark.parametrize("kind", PICKLES)
@pytest.mark.parametrize("reader", READERS)
def test_a_pickle_that_asks_for_much_is_refused_at_once(kind, reader):
    start = time.process_time()
    with pytest.raises(CorruptTableError):
        reader(PICKLES[kind])
    assert time.process_time() - start < 10


def test_a_frame_of_gzip_that_holds_gigabytes_is_refused_within_its_limit(tmp_path):
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(1 << 29), 9))
    code = (
        "import sys; from pathlib import Path\n"
        "from tgnas.resources.unpickle import load_frame_columns\n"
        "data = Path(sys.argv[1]).read_bytes()\n"
        "try: load_frame_columns(data)\n"
        "except Exception as error: print(type(error).__name__, 'hold more than' in str(error))\n"
        # What getrusage tells has the peak of the process before this one began.
        "status = Path('/proc/self/status').read_text().split()\n"
        "print(int(status[status.index('VmHWM:') + 1]) // 1024)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "bomb.gz")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *told, mebibytes = done.stdout.split()
    assert told == ["CorruptTableError", "True"]
    assert int(mebibytes) < 1100


def test_a_tar_that_claims_gigabytes_takes_no_more_than_it_holds(tmp_path):
    header = tarfile.TarInfo("data_batch_1")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 2_700_000_000
    whole = io.BytesIO()
    with gzip.GzipFile(fileobj=whole, mode="wb", mtime=0) as stream:
        stream.write(header.tobuf(tarfile.GNU_FORMAT))
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(whole.getvalue())
    assert path.stat().st_size < 200
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CorruptTableError):
        load_cifar10(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path):
    Image.new("1", (1024, 60_000)).save(tmp_path / "tall.png")
    with pytest.raises(CorruptTableError, match="1024 by 60000 pixels"):
        read_mosaics([tmp_path / "tall.png"])


def test_a_description_is_no_markup(tmp_path):
    (tmp_path / "own.yaml").write_text(SPACE.format(description="[/separable] [bold]"))
    result = CliRunner().invoke(app, ["space", "check", str(tmp_path / "own.yaml")])
    assert result.exit_code == 0, result.output
    assert "[/separable] [bold]" in result.output


def test_an_operator_with_a_dollar_is_drawn(tmp_path):
    drawing = {"cell $x": (["input", "$a_{$", "output"], np.triu(np.ones((3, 3), int), 1))}
    write_picture(tmp_path / "cell.png", drawing)
    assert (tmp_path / "cell.png").stat().st_size


@pytest.mark.parametrize(
    "work",
    [lambda: np.ones(1 << 50), lambda: torch.ones(1 << 50), lambda: pa.allocate_buffer(1 << 50)],
)
def test_out_of_memory_is_one_line_and_the_code_of_the_machine(work, capsys):
    with pytest.raises(typer.Exit) as ended:
        guarded(work)()
    assert ended.value.exit_code == 3
    line = capsys.readouterr().err
    assert line.startswith("tgnas: out of memory") and line.count("\n") == 1


def test_another_error_of_torch_keeps_its_traceback():
    with pytest.raises(RuntimeError, match="shape"):
        guarded(lambda: torch.ones(2).view(3))()
