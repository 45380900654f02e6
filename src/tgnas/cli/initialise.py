"""``tgnas initialise``: predicted weights for an architecture's network."""

from pathlib import Path
from typing import Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import ends_with, ready, set_once, tell
from tgnas.cli.export import size_of
from tgnas.errors import some_of


def initialise(
    architecture: Annotated[
        str,
        typer.Option("--network", help="The space's own string, or a best.json of a search."),
    ],
    space: option.Space,
    to: Annotated[Path, typer.Option("--output", help="A file NAME.safetensors: a state_dict.")],
    weights: Annotated[
        Path | None,
        typer.Option("--hypernetwork", help="A hypernetwork's weights; those of the package."),
    ] = None,
    classes: option.Classes = 10,
    changes: option.Sizes = None,
    seed: option.Seed = 0,
) -> None:
    """Write the weights that a hypernetwork predicts for an architecture's network.

    The file is a whole state_dict of `tgnas.build_network`: what is not predicted is as torch
    draws it. The hypernetwork of the package has learned from scikit-learn's digits.
    """
    ends_with(to.name, ".safetensors", "a file .safetensors")
    from tgnas.files import readable
    from tgnas.inference.asked import architecture_in
    from tgnas.spaces.space import open_space

    ready(str(to))
    if weights is not None:
        readable(weights)
    architecture = architecture_in(architecture)
    sizes = set_once(size_of(text) for text in changes or ())
    open_space(space).parse(architecture)
    from tgnas.inference.networks import build_network, write_predicted

    network = build_network(architecture, space, classes, sizes, seed)
    predicted, whole = write_predicted(network, to, weights)
    tell(f"{some_of(predicted, whole, 'parameter')} predicted")
