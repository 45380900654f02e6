"""The one style of all figures: sizes, colours by family, markers by method, files to the byte.

Figures are made without pyplot, so that nothing is global: no backend is chosen, no list of open
figures is kept, and the style holds only inside of ``styled`` and ``save``.
"""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from tgnas.files import written_whole

TAU = "Kendall tau (higher is better)"
BELOW: Mapping[str, Any] = MappingProxyType({"loc": "outside lower center", "handletextpad": 0.5})
NARROW, WIDE = 3.3, 6.9  # inches: one column, two columns
# Okabe and Ito's colours, which the colour-blind tell apart.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#767676"
FAMILY_COLOURS = MappingProxyType(
    {
        "predictor": BLUE,
        "few_shot": SKY,
        "ensemble": ORANGE,
        "leaked": VERMILLION,
        "stored": PURPLE,
        "earlier": BLACK,
        "proxy": GREEN,
    }
)
FAMILY_TITLES = MappingProxyType(
    {
        "predictor": "predictor",
        "few_shot": "few-shot: learns labels of the target",
        "ensemble": "ensemble",
        "leaked": "leaked: saw the test labels",
        "stored": "as others stored",
        "earlier": "of an earlier run",
        "proxy": "training-free",
    }
)
# Filled ones, since a hollow marker means something; the last four are stars and a heptagon.
MARKERS = (*"oDs^v<>*pPXh8dH", (4, 1, 0), (6, 1, 0), (8, 1, 0), (7, 0, 0))
# How a benchmark is called in a text, and in the head of a column.
BENCHMARKS = MappingProxyType(
    {
        "nasbench101": ("NAS-Bench-101", "NB101"),
        "nasbench201": ("NAS-Bench-201", "NB201"),
        "nasbench301": ("NAS-Bench-301", "NB301"),
        "nasbench_macro": ("NAS-Bench-Macro", "Macro"),
        "nasbench_graph": ("NAS-Bench-Graph", "Graph"),
        "transnas_micro": ("TransNAS-Bench-101 (micro)", "TransNAS"),
        "transnas_macro": ("TransNAS-Bench-101 (macro)", "TransNAS macro"),
        "digits101": ("the NAS-Bench-101 cells of digits-bench", "digits101"),
        "digits201": ("digits-bench", "digits"),
        "nds_darts": ("NDS, DARTS", "NDS DARTS"),
        "nds_enas": ("NDS, ENAS", "NDS ENAS"),
    }
)
DATASET_TITLES = MappingProxyType(
    {
        "cifar10": "CIFAR-10",
        "cifar100": "CIFAR-100",
        "imagenet": "ImageNet",
        "class_scene": "scene",
        "class_object": "object",
        "room_layout": "room",
        "segmentsemantic": "segmentation",
    }
)
_METADATA = MappingProxyType({".png": {}, ".pdf": {"CreationDate": None}})
_NO_STYLE = ("backend", "backend_fallback", "interactive", "toolbar", "timezone")


def method_marker(method: str) -> str | tuple[int, int, int]:
    """Return a method's marker: the same in every figure, for methods of the future too."""
    return MARKERS[zlib.crc32(method.encode()) % len(MARKERS)]


def pale(width: int) -> dict[str, Any]:
    """Return the looks of a pale thick bar, such as a spread over seeds."""
    return {"alpha": 0.3, "linewidth": width, "solid_capstyle": "butt"}


def reach(values: Any, low: Any, high: Any) -> np.ndarray:
    """Return how far intervals reach to either side of N values, of shape (2, N)."""
    return np.maximum([values - low, high - values], 0)


def benchmark_name(benchmark: str) -> str:
    """Return how a text calls a benchmark."""
    return BENCHMARKS.get(benchmark, (benchmark, benchmark))[0]


def benchmark_title(benchmark: str) -> str:
    """Return how the head of a column calls a benchmark."""
    return BENCHMARKS.get(benchmark, (benchmark, benchmark))[1]


def dataset_title(dataset: str) -> str:
    """Return how figures and tables call a data set."""
    return DATASET_TITLES.get(dataset, dataset)


@contextmanager
def styled() -> Iterator[None]:
    """Hold the style, whatever the user's own settings of matplotlib are, and give them back."""
    with as_file(files("tgnas.results") / "style.mplstyle") as path:
        style = mpl.rc_params_from_file(path, use_default_template=False)
    defaults = {key: mpl.rcParamsDefault[key] for key in mpl.rcParamsDefault}
    settings = {key: value for key, value in defaults.items() if key not in _NO_STYLE}
    with mpl.rc_context({**settings, **style}):
        yield


def save(figure: Figure, *paths: Path) -> None:
    """Write a figure as PNG or PDF, by the name; the same figure gives the same bytes.

    A file appears under its name only when it is whole.

    Raises:
        ValueError: a name that ends otherwise.
    """
    for path in paths:
        if path.suffix not in _METADATA:
            raise ValueError(f"{path} ends with {path.suffix!r}; allowed: {', '.join(_METADATA)}")
    for path in paths:
        with styled(), written_whole(path) as part:
            figure.savefig(part, format=path.suffix[1:], metadata=dict(_METADATA[path.suffix]))
