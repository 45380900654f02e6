"""``tgnas initialise``: predicted weights for an architecture's network."""

from pathlib import Path
from typing import Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import ends_with, tell
from tgnas.cli.export import size_of
from tgnas.errors import are, number_of


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
    from tgnas.inference.networks import build_network, write_predicted
    from tgnas.inference.search import architecture_in

    if architecture.endswith(".json"):
        architecture = architecture_in(Path(architecture))
    sizes = dict(size_of(text) for text in changes or ())
    network = build_network(architecture, space, classes, sizes, seed)
    predicted, whole = write_predicted(network, to, weights)
    tell(f"{predicted:,} of {number_of(whole, 'parameter')} {are(predicted)} predicted")
