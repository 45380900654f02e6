"""Files that appear under their names whole or not at all."""

import os
import subprocess
import sys
import time
from errno import ENOSPC
from pathlib import Path

import pytest

from tgnas.errors import InUseError, UnwritableFileError
from tgnas.files import claimed, written_whole


def test_what_a_block_wrote_stands_under_the_name_and_nothing_beside_it(tmp_path):
    with written_whole(tmp_path / "a.csv") as part:
        part.write_text("whole")
        assert not (tmp_path / "a.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "whole"


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_one_and_what_it_leads_to_is_replaced(tmp_path, there):
    (tmp_path / "runs").mkdir()
    real, link = tmp_path / "runs" / "3.csv", tmp_path / "latest.csv"
    link.symlink_to(Path("runs") / "3.csv")
    if there:
        real.write_text("before")
    with claimed(link), written_whole(link) as part:
        part.write_text("after")
    assert link.readlink() == Path("runs") / "3.csv"
    assert [path.name for path in real.parent.iterdir()] == ["3.csv"]
    assert real.read_text() == "after"


def test_a_link_that_leads_in_a_circle_is_refused(tmp_path):
    (tmp_path / "a.csv").symlink_to(tmp_path / "a.csv")
    told = pytest.raises(UnwritableFileError, match=r"a\.csv: cannot be written: Too many levels")
    with told, claimed(tmp_path / "a.csv"):
        pass
    with told, written_whole(tmp_path / "a.csv"):
        pass


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_or_an_interrupt_leaves_what_stood_there(tmp_path, error):
    path = tmp_path / "a.csv"
    path.write_text("before")
    with pytest.raises(error), written_whole(path) as part:
        part.write_text("half")
        raise error
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    assert path.read_text() == "before"


def test_a_full_disk_is_told_with_the_file(tmp_path):
    (tmp_path / "a.csv").write_text("before")
    full = OSError(ENOSPC, os.strerror(ENOSPC))
    told = r"a\.csv: cannot be written: No space left on device"
    with pytest.raises(UnwritableFileError, match=told), written_whole(tmp_path / "a.csv"):
        raise full
    assert (tmp_path / "a.csv").read_text() == "before"


def test_a_killed_writer_leaves_nothing_under_the_name(tmp_path):
    code = (
        "import sys, time; from tgnas.files import written_whole\n"
        "with written_whole(sys.argv[1]) as part: part.write_text('half'); time.sleep(60)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "a.csv")])
    while not any(part.stat().st_size for part in tmp_path.iterdir()):
        time.sleep(0.02)
    writer.kill()
    writer.wait()
    assert not (tmp_path / "a.csv").exists()


def test_two_writers_of_one_file_do_not_share_a_temporary_name(tmp_path):
    path = tmp_path / "a.csv"
    with written_whole(path) as first:
        with written_whole(path) as second:
            first.write_text("first")
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"


def test_a_file_can_be_read_by_whom_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        with written_whole(tmp_path / "a") as part:
            part.chmod(0o600)  # as the writer of safetensors leaves it
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


def test_a_missing_folder_is_named_with_the_file_that_was_asked_for(tmp_path):
    path = tmp_path / "missing" / "a.csv"
    with (
        pytest.raises(UnwritableFileError, match=r"missing/a\.csv: .*No such"),
        written_whole(path),
    ):
        pass


def test_no_other_module_makes_temporary_names_of_its_own():
    root = Path(__file__).parents[1]
    modules = [*root.glob("src/**/*.py"), *root.glob("workflow/scripts/*.py")]
    assert [m.name for m in modules if '.part"' in m.read_text()] == ["files.py"]


def test_the_next_writer_removes_what_a_killed_one_left(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from tgnas.files import *\n"
        "with written_whole(sys.argv[1]), scratch_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'large').write_text('half'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.csv")], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    with written_whole(tmp_path / "b.csv") as live, written_whole(tmp_path / "c.csv") as other:
        assert set(tmp_path.iterdir()) == {live, other}


def test_temporary_files_of_other_machines_stay(tmp_path):
    theirs = tmp_path / ".a.csv.00000000-1-1-00000000.part"
    theirs.write_text("half")
    with written_whole(tmp_path / "a.csv"):
        pass
    assert theirs.exists()


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path):
    with written_whole(tmp_path / ("é" * 127)) as part:
        part.write_text("whole")
    assert [len(path.name) for path in tmp_path.iterdir()] == [127]


HOLD = (
    "import sys, time; from tgnas.files import claimed\n"
    "with claimed(sys.argv[1]): print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path / "a.csv")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_of_an_output_is_told_who_the_first_is(holder, tmp_path):
    with (
        pytest.raises(InUseError, match=rf"a\.csv is being written by process {holder.pid} "),
        claimed(tmp_path / "a.csv"),
    ):
        pass
    (tmp_path / "link").symlink_to(tmp_path / "a.csv")
    with pytest.raises(InUseError), claimed(tmp_path / "link"):
        pass
    with claimed(tmp_path / "b.csv"):
        pass


def test_a_killed_writers_claim_ends_with_it(holder, tmp_path):
    holder.kill()
    holder.wait()
    with claimed(tmp_path / "a.csv"):
        pass
    assert not list(tmp_path.iterdir())


def test_an_output_that_cannot_be_written_is_refused_at_once(tmp_path):
    with pytest.raises(UnwritableFileError, match="Is a directory"), claimed(tmp_path):
        pass
    with (
        pytest.raises(UnwritableFileError, match=r"missing/a\.csv: .*No such"),
        claimed(tmp_path / "missing" / "a.csv"),
    ):
        pass
    with pytest.raises(UnwritableFileError, match="too long"), claimed(tmp_path / ("a" * 300)):
        pass
