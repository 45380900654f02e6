"""Join the shards of one proxy and aggregate its components over the whole sample."""

from pathlib import Path

import pandas as pd

from tgnas.scoring.samples import join_shards
from tgnas.workflow.script import run


def main(*, sample: Path, shards: list[Path], scores: Path, network_proxy: str) -> None:
    """Write the proxy's table of scores."""
    parts = [pd.read_parquet(path) for path in shards]
    joined = join_shards(parts, pd.read_parquet(sample), network_proxy)
    joined.to_parquet(scores, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
