"""Does wording change a ranking? The shipped predictor on spaces whose operators are paraphrased.

A space is written anew with other descriptions of its operators, one set after the other; what an
operator is must then be read from the words. Architectures, network and labels stay what they are.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from tgnas.methods.settings import MethodSettings
from tgnas.validation import Keys, key

PREDICTOR = "universal"
USUAL = "usual"


class Accuracies(Keys):
    """The accuracies of a benchmark that rankings are compared with."""

    dataset: str = key("Data set of the accuracies.")
    split: str = key("Their split.")
    epochs: int | str = key("Training epochs behind them.")


class Settings(MethodSettings):
    """What is paraphrased."""

    paraphrases: tuple[str, ...] = key("Files: operator -> descriptions, equally many of each.")
    benchmarks: dict[Annotated[str, Field(pattern=r"^\w+$")], Accuracies] = key(
        "Benchmarks whose space is a file of tgnas.spaces."
    )


def inputs(settings: Settings) -> Mapping[str, str | Sequence[str]]:
    """Return the descriptions and the benchmarks."""
    tables = [f"<benchmark_tables>/{name}.arrow" for name in settings.benchmarks]
    return {"paraphrases": list(settings.paraphrases), "benchmarks": tables}


def parts(settings: Settings) -> Sequence[str]:
    """Return one part."""
    return ["all"]


def loaded(settings: Settings) -> Sequence[str]:
    """Return what ranks."""
    return [f"tgnas.methods.predictors.{PREDICTOR}"]


def shipped(settings: Settings) -> Sequence[str]:
    """Return the predictor that scores."""
    return [PREDICTOR]


def run(part: str, settings: Settings, files: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    """Return Kendall's tau with accuracies and with the usual ranking, of every set of words."""
    import yaml

    from tgnas.benchmarks.base import open_benchmark
    from tgnas.evaluation.ranking import kendall_tau
    from tgnas.inference.pretrained import load_pretrained
    from tgnas.spaces.space import FOLDER, space_of

    predictor, rows = load_pretrained(PREDICTOR), []
    worded = {
        Path(file).stem: yaml.safe_load(Path(file).read_text()) for file in files["paraphrases"]
    }
    for file, about in zip(files["benchmarks"], settings.benchmarks.values(), strict=True):
        known = open_benchmark(Path(file))
        accuracies = known.accuracy(**about.model_dump())
        described = yaml.safe_load((FOLDER / f"{known.space.name}.yaml").read_text())
        usual = predictor.score(known.strings, known.space)
        for name, words in {USUAL: {}, **worded}.items():
            for number in range(max(map(len, words.values()), default=1)):
                space = space_of(reworded(described, words, number))
                scores = predictor.score(known.strings, space) if words else usual
                rows.append(
                    {
                        "benchmark": known.name,
                        "dataset": about.dataset,
                        "words": name,
                        "number": number,
                        "architectures": len(known),
                        "kendall_tau": kendall_tau(scores, accuracies),
                        "same": kendall_tau(scores, usual),
                    }
                )
    return pd.DataFrame(rows)


def reworded(
    described: Mapping[str, Any], words: Mapping[str, Sequence[str]], number: int
) -> dict[str, Any]:
    """Return a space file whose known operators are described by the words of one set."""
    operators = {
        name: words[meant][number] if isinstance(meant, str) and meant in words else meant
        for name, meant in described["operators"].items()
    }
    return {**described, "operators": operators}
