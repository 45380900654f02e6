"""Make one table of the results: CSV in full precision, Markdown rendered from it."""

from pathlib import Path

from tgnas.files import written_whole
from tgnas.registry import RESULTS
from tgnas.results._catalogue import call, caption, given, read_frame
from tgnas.results._tables import markdown as rendered
from tgnas.workflow.script import run


def main(*, name: str, files: dict, values: dict, table: Path, markdown: Path) -> None:
    """Hand a result's module its inputs and parameters.

    Args:
        name: the module, a file of tgnas.results.
        files: its inputs by name.
        values: its parameters.
        table: the CSV file.
        markdown: the Markdown file.
    """
    module = RESULTS.module(name)
    frame = call(module.table, given(module, files, values))
    with written_whole(table) as part:
        frame.to_csv(part, index=False)
    blocks = call(module.show, values | {"frame": read_frame(table, module)})
    with written_whole(markdown) as part:
        part.write_text(rendered([*blocks, caption(module, values, "table")]))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
