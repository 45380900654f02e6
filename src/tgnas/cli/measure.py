"""``tgnas measure``: what zero-cost proxies say of a torch network."""

from typing import Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import ready


def measure(
    module: Annotated[
        str, typer.Option("--module", help="package.module:build, a torch network or its builder.")
    ],
    proxies: Annotated[
        str, typer.Option("--proxies", help="all, or zero-cost proxies with commas between them.")
    ] = "all",
    batch: Annotated[int, typer.Option("--batch", min=2, help="Images of Gaussian noise.")] = 64,
    size: Annotated[int, typer.Option("--size", min=1, help="Pixels of an image's side.")] = 32,
    channels: Annotated[int, typer.Option("--channels", min=1, help="Of an image.")] = 3,
    seed: option.Seed = 0,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu or cuda; where the network is.")
    ] = None,
    to: option.Output = option.STANDARD,
    output_format: option.OutputFormat = None,
) -> None:
    """Write every zero-cost proxy's score of a torch network, or why it has none."""
    from tgnas.inference.asked import names_in
    from tgnas.inference.streaming import format_of, output
    from tgnas.registry import NETWORK_PROXIES

    written = format_of(to, output_format)
    ready(to)
    if proxies != "all":
        for name in names_in(proxies):
            NETWORK_PROXIES.module_name(name)  # refuses what there is not
    import pyarrow as pa
    import torch

    from tgnas.inference.measuring import measure as measured
    from tgnas.inference.measuring import module_named
    from tgnas.training.seeds import seeded

    with seeded(seed):
        network = module_named(module)
    shape = (batch, channels, size, size)
    images = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    scored = measured(network, images, proxies=proxies, seed=seed, device=device)
    owners = [name.partition(".")[0] for name in scored.scores]
    columns = {
        "proxy": list(scored.scores),
        "score": list(scored.scores.values()),
        "milliseconds": [round(scored.milliseconds[name], 3) for name in owners],
        "reason": [scored.reasons.get(name, "") for name in owners],
    }
    with output(to, written) as writer:
        writer.write(pa.table(columns))
