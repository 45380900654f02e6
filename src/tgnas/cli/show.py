"""``tgnas spaces``, ``methods``, ``describe`` and ``space check``: what there is, what it means."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tgnas.cli import option
from tgnas.cli.common import ends_with, load, load_scorer, ready, show_table, tell
from tgnas.errors import ConfigError, number_of

if TYPE_CHECKING:
    from tgnas.registry import Family


def spaces() -> None:
    """List the built-in search spaces."""
    from tgnas.registry import SPACES
    from tgnas.spaces.space import open_space

    rows = [
        (name, ", ".join(space.operators), f"{space.size:,}" if space.size else "", about)
        for name in SPACES.names()
        for space in [open_space(name)]
        for about in [space.description]
    ]
    show_table(("space", "operators", "strings", "description"), rows, 160)


def methods(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A method or trained predictor, whose card is shown; without one all are listed."
        ),
    ] = None,
) -> None:
    """List what options take and what can be trained, or show the card of one."""
    from tgnas import registry

    families = (
        ("--predictor", registry.GRAPH_PROXIES),
        ("--searcher", registry.SEARCHERS),
        ("", registry.NETWORK_PROXIES),
        ("", registry.SEQUENCE_PROXIES),
        ("", registry.PREDICTORS),
        ("", registry.SUPERNETS),
        ("", registry.HYPERNETWORKS),
        ("", registry.GENERATORS),
    )
    if name is not None:
        _show_cards(name, [family for _, family in families])
        return
    from tgnas.inference.asked import available
    from tgnas.inference.pretrained import read_card

    rows = []
    for trained in available():
        card = read_card(None, trained)
        learned = ", ".join(
            f"{name} (scores of {of['distil_from']}, no label)" if "distil_from" in of else name
            for name, of in card["trained_on"].items()
        )
        rows.append(("--predictor", "trained", trained, card["title"], learned))
    for taken_by, family in families:
        kind = {"network proxy": "zero-cost proxy"}.get(family.kind, family.kind)
        cards = {member: family.module(member).CARD for member in family.names()}
        rows += [(taken_by, kind, member, c.title, c.needs) for member, c in cards.items()]
    show_table(("taken by", "family", "name", "title", "needs or was trained on"), rows, 160)
    typer.echo(
        "--predictor takes a weights file, too, and several joined by +, of which each has the "
        "same weight;\ncolumn:NAME is a column of the table, higher is better: "
        "canonical+effective_params+column:flops\nOf networks on tokens (nasbench_nlp, flexibert) "
        "trained predictors have learned none; counts are taken of all of them.\n"
        "tgnas methods NAME shows a method's card: where it differs from its paper, and what of it "
        "was not reached here."
    )


def _show_cards(name: str, families: "list[Family]") -> None:
    """Print the cards of all methods of a name."""
    from tgnas.errors import UnknownNameError
    from tgnas.inference.asked import available
    from tgnas.methods.not_reached import not_reached

    named = [family for family in families if name in family.names()]
    if not named and name not in available():
        known = {n for family in families for n in family.names()}
        raise UnknownNameError("method", name, sorted(known.union(available())))
    if name in available():
        _show_trained(name)
    for family in named:
        card = family.module(name).CARD
        lines = [("reference", card.reference), ("needs", card.needs)]
        lines += [("differs", text) for text in card.deviations]
        lines += [("not reached", text) for text in not_reached(family, name)]
        typer.echo(f"{card.title}  ({family.kind} {name})")
        for about, text in lines:
            typer.echo(f"  {about:<12}  {text}")


def _show_trained(name: str) -> None:
    """Print the card of a trained predictor of the package."""
    from tgnas.inference.pretrained import read_card

    card, lines = read_card(None, name), []
    for source, of in card["trained_on"].items():
        learned = f"scores of {of['distil_from']}" if "distil_from" in of else _labels_of(of)
        lines.append(("trained on", f"{source}: {_cells(of['cells'])}, {learned}"))
    lines += [("measured on", text) for text in _measured(card["measured_on"])]
    seeds = number_of(len(card["seeds"]), "seed")
    typer.echo(f"{card['title']}  (trained predictor {name}, {seeds})")
    for about, text in lines:
        typer.echo(f"  {about:<12}  {text}")


def _cells(count: int | str) -> str:
    return f"{count} cells" if isinstance(count, str) else number_of(count, "cell")


def _labels_of(of: dict[str, object]) -> str:
    return f"{of['split']} accuracies of {of['dataset']} after {of['epochs']} epochs"


def _measured(of: dict[str, Any] | list[dict[str, Any]]) -> list[str]:
    """Return a line for each Kendall's tau of a card."""
    if isinstance(of, list):  # of a predictor that was measured by leaving each space out
        return [
            f"{row['space']} {row['dataset']}, {row['architectures']:,} "
            f"{'distinct ' if row['population'] == 'distinct' else ''}architectures, left out: "
            f"Kendall's tau {row['kendall_tau']:.3f}"
            for row in of
        ]
    return [
        f"{of['benchmark']} {dataset}, {of['architectures']:,} architectures: "
        f"Kendall's tau {measures['kendall_tau']:.3f}"
        for dataset, measures in of["measures"].items()
    ]


def describe(
    architecture: Annotated[str, typer.Argument(help="The space's own string, or a JSON object.")],
    space: option.Space,
    predictor: option.Predictor = option.DEFAULT,
    png: Annotated[Path | None, typer.Option("--png", help="Draw the cells into a PNG.")] = None,
) -> None:
    """Draw an architecture, its canonical graph, its size where that is known, and its score."""
    from tgnas.inference.asked import members_of
    from tgnas.spaces.space import open_space

    if png is not None:
        ends_with(png.name, ".png", "--png")
        ready(str(png))
    members_of(predictor)
    opened = open_space(space)
    from tgnas.inference.summary import summary_of
    from tgnas.results import _cell_drawing as cell_drawing

    summary = summary_of(architecture, opened)
    typer.echo(f"architecture  {summary.text}")
    typer.echo(f"as JSON       {json.dumps(summary.object)}")
    for title, graph in summary.graphs.items():
        typer.echo(f"\n{title}\n{cell_drawing.as_text(*graph)}")
    typer.echo("")
    for name, value in summary.sizes.items():
        typer.echo(f"{name:<12}  {value}")
    loaded = load_scorer(predictor, opened)
    typer.echo(f"{'score':<12}  {loaded.score([architecture], opened)[0]:.6f}  ({predictor})")
    typer.echo(f"{'spread':<12}  {loaded.spread([architecture], opened)[0]:.6f}")
    if png is not None:
        cell_drawing.write_picture(png, summary.graphs)


def check(
    file: Annotated[str, typer.Argument(help="A space file, or a built-in space's name.")],
    architectures: Annotated[
        str | None, typer.Option("--architectures", help="Architectures to check against it.")
    ] = None,
    predictor: option.Predictor = option.DEFAULT,
) -> None:
    """Check a space file, say what its operators are taken for, and show an architecture of it."""
    from tgnas.inference.asked import members_of
    from tgnas.inference.streaming import Source, format_of
    from tgnas.spaces.space import open_space

    space = open_space(file)
    members_of(predictor)
    if architectures is not None:
        Source(architectures, format_of(architectures)).check_first(space)
    import numpy as np

    from tgnas.inference.pretrained import Pretrained
    from tgnas.inference.summary import example_of
    from tgnas.inference.understanding import DRAWN, doubtful_readings, not_told_apart, understood

    about = [
        (o.spelling, o.name, o.description, o.attributes, o.nearest, f"{o.similarity:.2f}")
        for o in understood(space, load(option.DEFAULT).weights.embeddings)
    ]
    titles = ("operator", "is", "description", "attributes", "nearest known", "similarity")
    show_table(titles, about, 160)
    for doubt in doubtful_readings(space):
        tell(f"warning: {doubt}")
    try:
        example = example_of(space)
    except ConfigError as error:
        tell(f"no architecture is shown: {error}")
    else:
        size = space.size
        many = "architectures" if size is None else number_of(size, "architecture")
        typer.echo(f"{many} can be written, such as\n  {example}")
        typer.echo(f"or, as JSON,\n  {json.dumps(space.object_of(example))}")
        some = space.sample(DRAWN, np.random.default_rng(0))
        scoring = load_scorer(predictor, space)
        for alike in not_told_apart(space, scoring, some):
            names = ", ".join(map(repr, alike))
            tell(f"warning: {predictor} cannot tell these operators apart: {names}")
        if isinstance(scoring, Pretrained) and not (on := scoring.verdict(some, space)).tells:
            tell(f"warning: {predictor} {on}")
    if architectures is not None:
        source = Source(architectures, format_of(architectures))
        count = sum(len(chunk.numbers) for chunk, _ in source.architectures(space))
        typer.echo(f"{architectures}: {number_of(count, 'architecture')}, all of this space")
    typer.echo(f"{file}: a search space named {space.name}")
