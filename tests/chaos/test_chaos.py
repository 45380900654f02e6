"""Half a minute of seeded chaos over every command that writes; `make chaos` runs an hour of it."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_half_a_minute_of_chaos_loses_nothing():
    script = Path(__file__).with_name("chaos.py")
    command = [sys.executable, str(script), "--seconds", "30", "--seed", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
