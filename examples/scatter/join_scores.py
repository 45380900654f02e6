"""Write files of scores one below the other into one; nothing of them is held in memory."""

from pathlib import Path

from tgnas.inference.streaming import Source, format_of, output
from tgnas.workflow.script import run


def main(shards: list[Path], scores: Path) -> None:
    """Write what all shards hold, in their order."""
    with output(str(scores), format_of(str(scores))) as writer:
        for shard in shards:
            for chunk in Source(str(shard), format_of(str(shard))).chunks():
                writer.write(chunk.table)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
