"""From the dictionary that Snakemake has merged to the config, and what it stands for in full."""

from functools import cached_property
from pathlib import Path
from typing import Any

from tgnas.errors import ConfigError, UnknownNameError
from tgnas.image_training.recipe import Recipe, read_recipe
from tgnas.registry import PREDICTORS, STUDIES, SUPERNETS, add_methods
from tgnas.validation import Keys, count, key, read_keys, validated
from tgnas.workflow.config import models
from tgnas.workflow.config.models import Listed, Named, NamedSome, Predictor

PACKAGED = "src/tgnas/weights"
SHARED = tuple(name for name in Predictor.model_fields if name != "settings")


class Config(Keys):
    """The configuration of the workflow."""

    pathvars: models.Pathvars = models.Pathvars()
    mirrors: Listed[str] = key(
        "Folders laid out like `wget -x` that are asked before the network. The environment "
        "variable `TGNAS_MIRROR` (folders joined by `:`) comes first."
    )
    methods: Listed[str] = key(
        "Folders of methods of one's own; each holds folders named as those of "
        "`src/tgnas/methods`. The environment variable `TGNAS_METHODS` (folders joined by `:`) and "
        "entry points of the group `tgnas.methods` add to them.",
        default=(),
    )
    experiments: models.Experiments
    seeds: int = count("How many seeds (0, 1, ...) a method has that has any.")
    embeddings: NamedSome[models.Embedding] = key("Vectors of the operators by name.")
    training: dict[models.Benchmark, models.Label] = key(
        "The label that predictors learn, for each possible source.", min_length=1
    )
    predictors: NamedSome[Predictor] = key("The trained configurations by name.")
    selection: models.Selection
    ensembles: Named[models.Ensemble] = key("Methods that are the weighted mean rank of others.")
    ablations: models.Ablations
    isolation: models.Isolation
    shipped: Named[models.Shipped] = key(
        "The predictors that come with the package, by their names."
    )
    shipped_weights: bool = key(
        "Score with the weights that come with the package in place of training, where there are "
        "any of a predictor."
    )
    quoted: Listed[str] = key(
        "Methods of the sheets that are not made: their numbers are those of an earlier run, which "
        "stand in `config/earlier.csv` with its commit."
    )
    universal: models.Universal
    headline: models.Headline
    ranking: models.Ranking
    zero_shot: models.ZeroShot
    differences: dict[models.Benchmark, Listed[models.Pair]] = key(
        "Pairs of methods of a benchmark whose taus are compared, draw by draw."
    )
    proxies: models.Proxies
    reduced_networks: models.ReducedNetworks
    search: models.Search
    few_labels: models.FewLabels
    final_training: models.FinalTraining
    digits_bench: models.DigitsBench
    digits_long: models.DigitsBench
    supernets: models.Supernets
    studies: dict[models.Study, models.Changes] = key(
        "Keys of the studies' own `Settings`, by their files in tgnas.studies.", default={}
    )
    demo: models.Demo | None = None
    tables: Listed[str] | None = key("Tables that `all` makes, where not all.", default=None)
    figures: Listed[str] | None = key("Figures that `all` makes, where not all.", default=None)

    def shipped_as(self, predictor: str) -> str | None:
        """Return the weights of the package that stand for a training, where they do for this."""
        of = {entry.predictor: name for name, entry in self.shipped.items()}
        known = self.shipped_weights and predictor in of
        return f"{PACKAGED}/{of[predictor]}.safetensors" if known else None

    def vectors_of(self, predictor: str) -> str:
        """Return the sentence vectors that a predictor reads where it scores.

        Weights of the package read the package's vectors: another processor rounds otherwise.
        """
        folder = PACKAGED if self.shipped_as(predictor) else "<results>/embeddings"
        return f"{folder}/{self.predictors[predictor].embedding}.parquet"

    @cached_property
    def rounds(self) -> list[models.Round]:
        """The rounds of the selection, of their files."""
        names = self.selection.rounds
        return [validated(models.Round, read_keys(Path(name)), name) for name in names]

    @cached_property
    def candidates(self) -> dict[str, Predictor]:
        """The configurations that the rounds of the selection compare, in their order."""
        start, done = self.predictors[self.selection.start], dict[str, Predictor]()
        for name, change in (pair for part in self.rounds for pair in part.candidates.items()):
            own = dict(change)
            base = own.pop("base", None)
            if base is not None and base not in done:
                raise UnknownNameError(f"base of candidate {name}", base, done)
            if name in done:
                raise ConfigError(f"config: selection: candidate {name} stands there twice")
            done[name] = _predictor(done[base] if base else start, own, f"candidate {name}")
        return done

    @cached_property
    def ablated(self) -> dict[tuple[str, str, str], Predictor]:
        """The configuration of every ablation by (base, axis, value), on the common budget."""
        section = self.ablations
        return {
            (base, axis.name, str(value)): _predictor(
                self.predictors[base],
                section.budget | {axis.key: value},
                f"ablation {base}/{axis.name}/{value}",
            )
            for base in section.bases
            for axis in section.axes
            for value in axis.values
        }

    @cached_property
    def supernet_settings(self) -> dict[str, dict[str, Any]]:
        """The settings of every method of weight sharing: the common ones that it has, its own."""
        section, every = self.supernets, dict[str, dict[str, Any]]()
        for name in section.methods:
            own = {k: v for k, v in section.own.get(name, {}).items() if k != "method"}
            fields = SUPERNETS.settings(self.supernet_methods[name]).model_fields
            common = {key: value for key, value in section.settings.items() if key in fields}
            every[name] = common | own
        return every

    @property
    def supernet_methods(self) -> dict[str, str]:
        """The file of every method of weight sharing."""
        section = self.supernets
        return {name: section.own.get(name, {}).get("method", name) for name in section.methods}

    def study(self, name: str) -> Any:
        """Return the settings of a study: its defaults, and what the config changes.

        Raises:
            UnknownNameError: there is no such study.
        """
        model = STUDIES.module(name).Settings
        return validated(model, self.studies.get(name, {}), f"studies.{name}", what="settings")

    def study_files(self, name: str) -> list[str]:
        """Return the files of rows of all parts of a study."""
        parts = STUDIES.module(name).parts(self.study(name))
        return [f"<results>/studies/{name}/{part}.parquet" for part in parts]

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """The recipe of every training that the config names."""
        section = self.final_training
        named = dict[str, Any](section.trainings)
        named |= {name: self.study(name) for name in ("short_trainings", "jpeg_copies")}
        named |= {"digits_bench": self.digits_bench, "digits_long": self.digits_long}
        named |= {"supernets": self.supernets}
        return {name: read_recipe(Path(one.recipe), one.change) for name, one in named.items()}


def parse(values: dict[str, Any]) -> Config:
    """Return the config of a dictionary, every key by itself.

    Raises:
        ConfigError: where, the value, what is allowed.
        UnknownNameError: a key or name that does not exist, with the nearest one that does.
    """
    sections = dict(values)
    outside = sections.get("methods", ())
    if isinstance(outside, list | tuple) and all(isinstance(name, str) for name in outside):
        add_methods(outside)  # whose names the rest of the config may have
    if isinstance(sections.get("predictors"), dict):
        sections["predictors"] = _predictors(sections["predictors"])
    return validated(Config, sections)


def _predictors(entries: dict[str, Any]) -> dict[str, Predictor]:
    """Return every entry with what it takes from its `base`."""
    done: dict[str, Predictor] = {}

    def read(name: str, above: tuple[str, ...]) -> Predictor:
        if name in above:
            raise ConfigError(f"config: predictors: the bases {' -> '.join((*above, name))} circle")
        if name not in done:
            if not isinstance(entries[name], dict):
                raise ConfigError(f"config: predictors.{name}: {entries[name]!r} holds no keys")
            own = dict(entries[name])
            base = own.pop("base", None)
            if base is not None and base not in entries:
                raise UnknownNameError(f"base of predictor {name}", base, entries)
            rest = None if base is None else read(base, (*above, name))
            done[name] = _predictor(rest, own, f"predictors.{name}")
        return done[name]

    return {name: read(name, ()) for name in entries}


def _predictor(base: Predictor | None, own: dict[str, Any], place: str) -> Predictor:
    """Return a predictor with what an entry says, and else what its base says."""
    inherited = {} if base is None else base.flat()
    method = own.get("method", inherited.get("method"))
    if method is None:
        raise ConfigError(f"config: {place} lacks method")
    PREDICTORS.module_name(method)
    kind = PREDICTORS.settings(method)
    keys = list(kind.model_fields)
    if base is not None and method != base.method:  # another method's settings say nothing
        inherited = {name: inherited[name] for name in SHARED if name in inherited}
    for name in own:
        if name not in (*SHARED, *keys):
            raise UnknownNameError(f"config key at {place}", str(name), ["base", *SHARED, *keys])
    row = inherited | own
    needed = [name for name in SHARED if Predictor.model_fields[name].is_required()]
    lacking = [name for name in (*needed, *keys) if name not in row]
    if lacking:
        raise ConfigError(f"config: {place} lacks {', '.join(lacking)}")
    settings = validated(kind, {name: row[name] for name in keys}, place)
    shared = {name: row[name] for name in SHARED if name in row}
    return validated(Predictor, shared | {"settings": settings}, place)
