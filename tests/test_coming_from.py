"""The page for who comes from other tools: what it says of ours is called and does what it says."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from test_cli import BEST, CUT, tgnas
from test_export import untyped
from torch import nn

import tgnas as package

PAGE = (Path(__file__).parents[1] / "docs/coming-from.md").read_text()
assert untyped  # a fixture
MODULE = """
from torch import nn
def build():
    convolution = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(*convolution, nn.Flatten(), nn.Linear(4, 10))
"""
EXPORTED = ("--architecture", BEST, "--space", "nasbench201", "--set=channels=4", "--set=repeats=1")
# What the page leaves to the reader: more options, or a name that stands for the reader's own.
MORE = {
    "tgnas measure --module package.module:build": ("--proxies", "synflow"),
    "tgnas export --onnx network.onnx": EXPORTED,
    "tgnas train": ("--help",),
}


def calls() -> list[str]:
    """Return what stands as code in the last column of the page's table, and behind it of ours."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")][1:]
    cells = [re.split(r"(?<!\\)\|", row)[3].replace("\\|", "|") for row in rows]
    spans = [span for cell in cells for span in re.findall(r"`([^`]+)`", cell)]
    spans += [span for span in re.findall(r"`([^`]+)`", PAGE) if span.startswith("tgnas ")]
    return list(dict.fromkeys(span for span in spans if span.startswith("tgnas")))


def test_the_page_calls_functions_and_commands():
    assert len(calls()) >= 10
    assert sum(call.startswith("tgnas.") for call in calls()) >= 4


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("call", calls())
def test_a_call_of_the_page_does_what_it_says(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    if not call.startswith("tgnas."):
        (tmp_path / "package").mkdir()
        (tmp_path / "package/module.py").write_text(MODULE)
        done = tgnas(*call.split()[1:], *MORE.get(call, ()))
        assert done.exit_code == 0, done.output
        return
    architecture = "|nor_conv_3x3~0|+..."
    torch.manual_seed(0)
    known = {
        "tgnas": package,
        "net": nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10)),
        "images": torch.randn(4, 3, 16, 16),
        "labels": torch.arange(4),
        "architecture": BEST,
        "architectures": [BEST, CUT],
    }
    known["net"](known["images"])
    given = eval(call.replace(architecture, BEST), known)
    if isinstance(given, nn.Module):
        assert given(known["images"]).shape == (4, 10)
    elif isinstance(given, np.ndarray):
        assert given[0] > given[1]
    else:
        assert given
