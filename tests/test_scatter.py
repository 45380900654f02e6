"""The example that scatters scoring over jobs gives what one job gives."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from test_streaming import texts

from tgnas.inference.pretrained import load_pretrained

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_three_shards_are_joined_to_the_whole(tmp_path, suffix):
    given, scores = tmp_path / "given.csv", tmp_path / f"scores.{suffix}"
    table = pd.DataFrame({"architecture": texts(50), "number": range(50)})
    table.to_csv(given, index=False)
    settings = {"space": "nasbench201", "architectures": given, "scores": scores, "shards": 3}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--cores", "2", "--directory", str(tmp_path)),
            *("--snakefile", str(ROOT / "examples/scatter/Snakefile")),
            *("--config", *(f"{name}={value}" for name, value in settings.items())),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    found = pd.read_csv(scores) if suffix == "csv" else pd.read_parquet(scores)
    assert list(found.architecture) == list(table.architecture)
    assert list(found.number.astype(int)) == list(range(50))
    alone = load_pretrained().score(list(table.architecture), "nasbench201")
    assert list(found.score) == pytest.approx(list(alone), abs=1e-6)
    assert not list(tmp_path.glob(f"{scores.name}.shards/*.parquet"))
