"""``tgnas search``: the best architecture of a space within a budget of scores."""

import json
from typing import Annotated

import typer

from tgnas.cli import option
from tgnas.cli.common import load_scorer


def search(
    space: option.Space,
    searcher: Annotated[str, typer.Option("--searcher", help="One of tgnas methods.")] = "hybrid",
    budget: Annotated[int, typer.Option("--budget", min=1, help="How many scores at most.")] = 5000,
    predictor: option.Predictor = option.DEFAULT,
    seed: option.Seed = 0,
    threads: option.Threads = 1,
) -> None:
    """Find an architecture of a space with a budget of scores; writes JSON."""
    from tgnas.inference.search import search as search_space
    from tgnas.spaces.space import open_space

    best = search_space(load_scorer(predictor), open_space(space), searcher, budget, seed, threads)
    facts = {"architecture": best.architecture, "score": best.score, "queries": best.queries}
    typer.echo(json.dumps(facts, ensure_ascii=False))
