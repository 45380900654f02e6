"""The workflow on a real SLURM cluster of one node: profiles/slurm, and scattered scoring."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import slurm_cluster
import yaml
from project import ROOT, Project
from slurm_cluster import Cluster

from tgnas.encodings.embeddings import OperatorEmbeddings

QUICK = [
    *("--slurm-no-account", "--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "2", "--slurm-keep-successful-logs"),
    *("--default-resources", "mem_mb=1500", "runtime=10"),
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if missing := slurm_cluster.missing():
        pytest.skip(f"SLURM is not installed: there is no {', '.join(missing)}")
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("snakemake-executor-plugin-slurm is not installed: pip install '.[slurm]'")
    with slurm_cluster.started(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


def snakemake(cluster: Cluster, folder: Path, *arguments: str) -> str:
    """Run a workflow with the profile and return what it printed."""
    source = str(folder / "src")
    path = os.pathsep.join([str(Path(sys.executable).parent), cluster.environment["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--profile", "profiles/slurm", *QUICK, *arguments],
        cwd=folder,
        env={**cluster.environment, "PYTHONPATH": source, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_jobs_of_the_workflow_run_on_slurm(cluster: Cluster, tmp_path):
    folder, before = Project.copy(tmp_path, []).folder, len(cluster.ended())
    vectors = "results/smoke/embeddings/minilm_short.parquet"
    table = "results/benchmarks/nasbench_graph.arrow"
    printed = snakemake(cluster, folder, "--configfile", "config/smoke.yaml", "--", vectors, table)
    assert len(OperatorEmbeddings.read(folder / vectors).vectors) > 10
    assert (folder / table).stat().st_size > 100_000
    assert cluster.ended()[before:] == ["COMPLETED"] * 2
    numbers = re.findall(r"SLURM jobid (\d+)", printed)
    logs = {path.stem for path in (folder / ".snakemake/slurm_logs").rglob("*.log")}
    assert sorted(logs) == sorted(numbers)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_scoring_scatters_over_jobs_of_slurm(cluster: Cluster, tmp_path):
    folder, before = Project.copy(tmp_path, []).folder, len(cluster.ended())
    (folder / "examples").symlink_to(ROOT / "examples")
    snakemake(cluster, folder, "--snakefile", "examples/scatter/Snakefile", "--config", "shards=2")
    scattered = pd.read_csv(folder / "results/scatter/scores.csv")
    given = pd.read_csv(ROOT / "examples/own_architectures.csv")
    assert list(scattered.architecture) == list(given.architecture)
    assert cluster.ended()[before:] == ["COMPLETED"] * 3


def test_the_profile_gives_resources_to_rules_that_exist():
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    texts = [path.read_text() for path in [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk")]]
    rules = set(re.findall(r"^rule (\w+):", "\n".join(texts), re.M))
    assert set(profile["set-resources"]) <= rules
    assert profile["executor"] == "slurm"
