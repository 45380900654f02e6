"""``tgnas export``: an architecture's network for other tools."""

from pathlib import Path
from typing import Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import ends_with, ready, set_once, tell
from tgnas.errors import number_of


def export(
    architecture: Annotated[
        str,
        typer.Option("--architecture", help="The space's own string, or a best.json of a search."),
    ],
    space: option.Space,
    onnx: Annotated[
        Path | None, typer.Option("--onnx", help="A file NAME.onnx; needs tgnas[export].")
    ] = None,
    torchscript: Annotated[
        Path | None, typer.Option("--torchscript", help="A file NAME.pt.")
    ] = None,
    python: Annotated[
        Path | None, typer.Option("--python", help="A file NAME.py, which needs torch alone.")
    ] = None,
    classes: option.Classes = 10,
    size: Annotated[int, typer.Option("--size", min=1, help="Pixels of an image's side.")] = 32,
    changes: option.Sizes = None,
    seed: option.Seed = 0,
) -> None:
    """Write an architecture's untrained network as ONNX, TorchScript or Python, and check it."""
    files = {".onnx": onnx, ".pt": torchscript, ".py": python}
    for suffix, path in files.items():
        if path is not None:
            ends_with(path.name, suffix, f"a file {suffix}")
    if not any(files.values()):
        raise typer.BadParameter("name a file", param_hint="--onnx, --torchscript or --python")
    from tgnas.inference.asked import architecture_in
    from tgnas.spaces.space import open_space

    for path in files.values():
        if path is not None:
            ready(str(path))
    architecture = architecture_in(architecture)
    sizes = set_once(size_of(text) for text in changes or ())
    open_space(space).parse(architecture)
    import torch

    from tgnas.inference import networks

    if onnx is not None:
        networks.check_onnx()
    network = networks.build_network(architecture, space, classes, sizes, seed)
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(seed))
    networks.check_images(network, images)
    if python is not None:
        networks.write_python(network, python, f"{architecture} of {space}.")
    if torchscript is not None:
        networks.write_torchscript(network, images, torchscript)
    if onnx is not None:
        networks.write_onnx(network, images, onnx)
    weights = number_of(sum(p.numel() for p in network.parameters()), "parameter")
    tell(f"a network of {weights}, {number_of(classes, 'logit')} of 3 x {size} x {size} pixels")


def size_of(text: str) -> tuple[str, int]:
    """Return the name and the value of a size, written as KEY=NUMBER."""
    name, separator, value = text.partition("=")
    if not (separator and value.isdecimal()):
        raise typer.BadParameter(f"{text!r} is not KEY=NUMBER", param_hint="--set")
    return name, int(value)
