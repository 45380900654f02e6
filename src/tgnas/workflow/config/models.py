"""Every key of the config: its meaning, its type and its bounds, and nowhere else.

What one key says of another is in ``checks.py``; the values are in ``config/config.yaml``.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from tgnas import registry
from tgnas.errors import shown
from tgnas.training.distillation import SPACE as DISTILLED_BENCHMARK
from tgnas.training.splits import Strategy
from tgnas.validation import Keys, count, key


def _member_of(family: registry.Family) -> AfterValidator:
    def known(name: str) -> str:
        family.module_name(name)
        return name

    return AfterValidator(known)


def _some(values: tuple) -> tuple:
    if not values:
        raise PydanticCustomError("empty", "Input should have at least 1 entry")
    return values


def _all_different(values: tuple) -> tuple:
    for place, value in enumerate(values):
        if value in values[:place]:
            message = "Input should have no entry twice, as it has {value}"
            raise PydanticCustomError("repeated", message, {"value": shown(value)})
    return values


Value = TypeVar("Value")
Dataset = TypeVar("Dataset")
Split = TypeVar("Split")
Epochs = TypeVar("Epochs")
_ALL_DIFFERENT = AfterValidator(_all_different)
# Pydantic's own `min_length` counts the entries that are allowed, so [0] would lack an entry.
_SOME = Field(json_schema_extra={"minItems": 1})
Listed = Annotated[tuple[Value, ...], _ALL_DIFFERENT]
Several = Annotated[tuple[Value, ...], _SOME, AfterValidator(_some), _ALL_DIFFERENT]
Pair = Annotated[tuple[str, str], _ALL_DIFFERENT]
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
Named = dict[Name, Value]
NamedSome = Annotated[dict[Name, Value], Field(min_length=1)]
Positive = Annotated[int, Field(ge=1)]
OfNasbench201 = Annotated[int, Field(ge=1, le=15625)]  # as many architectures as it has
Weight = Annotated[float, Field(gt=0)]
Drawn = Annotated[int, Field(ge=2)]
Members = Annotated[dict[str, Weight], Field(min_length=1)]
Changes = dict[str, Any]
Benchmark = Annotated[str, _member_of(registry.BENCHMARKS)]
Searcher = Annotated[str, _member_of(registry.SEARCHERS)]
PredictorMethod = Annotated[str, _member_of(registry.PREDICTORS)]
Study = Annotated[str, _member_of(registry.STUDIES)]
GraphProxy = Annotated[str, _member_of(registry.GRAPH_PROXIES)]
NetworkProxy = Annotated[str, _member_of(registry.NETWORK_PROXIES)]
Nb201Dataset = Literal["cifar10", "cifar100", "ImageNet16-120"]
GraphDataset = Literal["cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv"]
Cost = Literal[
    "parameters", "flops", "edgegpu_latency", "edgegpu_energy", "raspi4_latency",
    "edgetpu_latency", "pixel3_latency", "eyeriss_latency", "eyeriss_energy",
    "eyeriss_arithmetic_intensity", "fpga_latency", "fpga_energy",
]  # fmt: skip


class Pathvars(Keys):
    """Where results, logs and timings go (Snakemake's own section)."""

    results: str | None = key("Made by rules.", default=None)
    resources: str | None = key("Fetched files.", default=None)
    benchmark_tables: str | None = key("The Arrow files of the benchmarks.", default=None)
    logs: str | None = key("One log for each job.", default=None)
    benchmarks: str | None = key("Seconds and memory of costly jobs.", default=None)
    weights: str | None = key("What comes with the package.", default=None)
    data: str | None = key("Trainings on digits in the package.", default=None)


class Experiments(Keys):
    """The sheet of methods of each benchmark that is scored, one line for each method."""

    nasbench201: str = key("Sheet of NAS-Bench-201.")
    nasbench301: str = key("Sheet of NAS-Bench-301.")
    digits201: str | None = key("Sheet of digits-bench's NAS-Bench-201 part.", default=None)
    nasbench_graph: str | None = key("Sheet of NAS-Bench-Graph.", default=None)


class Embedding(Keys):
    """Sentence vectors of the operators."""

    model: Literal["all-MiniLM-L6-v2", "all-mpnet-base-v2", "one_hot"] = key(
        "Sentence transformer, or one_hot. all-mpnet-base-v2 needs `make mpnet`."
    )
    length: Literal["short", "medium", "long"] = key("Length of the operators' descriptions.")
    components: int = count("Principal components that are kept; 0 keeps the vectors whole.", 0)
    alike: dict[str, str] = key(
        "Operators that have the vector of another in place of their own.", default_factory=dict
    )


class Label(Keys):
    """The accuracy that predictors learn."""

    dataset: str = key("Data set of the label.")
    split: str = key("Split of the label.")
    epochs: int | str = key("Training epochs behind the label, as the benchmark's column has them.")


class Predictor(Keys):
    """One trained configuration; what an entry does not say its `base` says."""

    method: Annotated[str, _member_of(registry.PREDICTORS)] = key(
        "A file of tgnas.methods.predictors; the keys of its `Settings` stand beside these."
    )
    sources: Listed[Benchmark] = key(
        "Benchmarks whose labels are learned, entries of `training`; none with `distil_from`."
    )
    cells: Literal["all"] | Drawn | dict[Benchmark, Drawn] = key(
        "All labelled architectures of each source, or how many of them are drawn: of each the "
        "same, or by its name."
    )
    strategy: Strategy = key(
        "How they are drawn: at random, equally many of each tenth by `drawn_by`, or its best.",
        default="random",
    )
    drawn_by: GraphProxy | None = key(
        "The graph proxy of the strategies stratified and top.", default=None
    )
    drawn_anew: bool = key(
        "Every seed draws others; the same for all seeds where false.", default=False
    )
    embedding: str = key("An entry of `embeddings`.")
    auxiliary_targets: dict[GraphProxy, Weight] = key(
        "Graph proxies, each with its weight, that have their part in the label beside the "
        "accuracy, whose weight is 1 (mean rank); they need `label: rank`."
    )
    distil_from: NetworkProxy | None = key(
        "Zero-cost proxy whose scores of `reduced_networks.distillation` are learned instead of "
        "accuracies; needs `label: rank`, no source and no auxiliary target.",
        default=None,
    )
    distilled: Listed[NetworkProxy] = key(
        "Zero-cost proxies whose mean rank of `reduced_networks.mixed_cells` a network of its own "
        "learns, beside the one of the labels; of the method universal.",
        default=(),
    )
    threads: int = count("Threads of one training; another number changes bits.")
    device: Literal["cpu", "cuda"] = key(
        "Where it is trained: a graph network on a GPU, too, whose rounding is its own.",
        default="cpu",
    )
    settings: BaseModel = key("The method's own, an instance of its `Settings`.", exclude=True)

    @property
    def learned_from(self) -> tuple[str, ...]:
        """The benchmarks whose architectures it learns from, labelled or distilled."""
        return (DISTILLED_BENCHMARK,) if self.distil_from else self.sources

    def flat(self) -> dict[str, Any]:
        """Return all keys as an entry of the config has them."""
        own = self.settings.model_dump(mode="json")
        return self.model_dump(mode="json", exclude_defaults=True) | own


class Ensemble(Keys):
    """The weighted mean rank of other methods."""

    over_seeds: bool = key("Whether the seeds of a member are averaged first.")
    members: Members = key("What is combined, with its weight.")


class Round(Keys):
    """What one round of the selection compares: a file of `config/selection`."""

    candidates: Named[Changes] = key(
        "What each has otherwise than its `base`, another candidate, or than `start`."
    )
    over_seeds: bool = key("Whether the seeds of a member of an ensemble are averaged first.")
    ensembles: Named[Members] = key("Mean ranks of candidates, `parameters` and graph proxies.")


class Chosen(Keys):
    """What leads, by the rule."""

    candidate: str = key("The candidate that leads.")
    ensemble: str = key("The ensemble that leads.")
    top: str = key("The ensemble that leads inside the truly best share.")


class Selection(Keys):
    """The choice of our configuration on development tasks."""

    start: str = key("The predictor that candidates differ from.")
    rounds: Several[str] = key("Files of candidates and ensembles, one for each round.")
    chosen: Chosen
    others: Listed[Benchmark] = key("Benchmarks beside NAS-Bench-101 to transfer to.")
    tested: int = count("Ranked cells of NAS-Bench-101.", 10)
    seeds: int = count("Trainings of each candidate and task.")


class Axis(Keys):
    """What an ablation varies."""

    name: Name = key("Its id in tables.")
    values: Several[Any] = key("Its values.")
    key: str = key("The key of a predictor.")


class Ablations(Keys):
    """Predictors with one value changed at a time."""

    bases: Several[str] = key("The predictors that are varied.")
    budget: Changes = key("What all variants have in common; its keys are those of a predictor.")
    seeds: int = count("Trainings of each variant.")
    axes: Several[Axis] = key("What is varied.")


Titles = Annotated[dict[str, str], Field(min_length=2)]


class Isolation(Keys):
    """What each part of our network is worth, at its full settings (no budget of ablations)."""

    steps: Titles = key("Predictors, each with one part more than the one before; its title.")
    embedders: Titles = key("Predictors of which the operators' vectors alone differ; how.")
    benchmarks: Several[Literal["nasbench201", "nasbench301", "nasbench_macro"]] = key(
        "What the embedders are compared on."
    )


class Shipped(Keys):
    """A predictor that comes with the package."""

    predictor: str = key("A trained configuration.")
    measured_on: Literal["nasbench201", "nasbench301"] | None = key(
        "The benchmark of its card, no source; by default the card holds the universal "
        "predictor's rows of its table.",
        default=None,
    )
    title: str = key("How its card calls it.")


class UniversalSpace(Keys):
    """A space that the universal predictor is measured on, and what it has learned from."""

    predictor: str = key("A trained configuration that has seen no label of these architectures.")
    datasets: Several[str] = key("Data sets, or tasks, of the accuracies.")
    split: str = key("Split of the accuracies.")
    epochs: int | str = key("Training epochs behind them, as the benchmark names them.")
    architectures: Literal["all"] | Drawn = key("How many are ranked, drawn at random.")
    chosen_on: bool = key("Whether its labels took part in choices.")


class Universal(Keys):
    """The table of the universal predictor: each space by one that has not learned it."""

    predictor: str = key("The configuration that has learned all it can.")
    shipped: Listed[str] = key(
        "Predictors of the package that are measured beside it, where they have not learned either."
    )
    resamples: int = count(
        "Bootstrap resamples of architectures; those of many vectors add up.", 10
    )
    sequences: Several[str] = key(
        "Those of `spaces` on which it was chosen what counts say of sequences of blocks."
    )
    spaces: NamedSome[UniversalSpace] = key("The benchmarks, by name.")


class Headline(Keys):
    """Whom the report's first sentences and the small tables of README are about."""

    published: str = key("The published predictor, which is audited.")
    released: str = key("The scores that its authors released.")
    baseline: str = key("The method that the published predictor is beside.")
    ours: str = key("Our predictor.")
    joined: str = key("Our ensemble.")
    searcher: str = key("Whose incumbents stand for a scorer's, where it was run.")
    methods: Listed[str] = key("The rows of the table of rankings.")
    scorers: Listed[str] = key("The rows of the table of searches; `published`: others' numbers.")


class Labels(Keys, Generic[Dataset, Split, Epochs]):
    """The accuracies that scores are compared with."""

    # Looking for the source of a class that has none, as one of other types, takes .1 s each.
    model_config = ConfigDict(use_attribute_docstrings=False)

    datasets: Several[Dataset] = key("Data sets of the accuracies.")
    split: Split = key("Split of the accuracies.")
    epochs: Epochs = key("Training epochs behind the accuracies.")


class Ranking(Keys):
    """How scores are measured."""

    nasbench201: Labels[Nb201Dataset, Literal["test"], Literal[200]] = key(
        "The accuracies of NAS-Bench-201 that scores are compared with."
    )
    nasbench301: Labels[Literal["cifar10"], Literal["surrogate"], Literal[100]] = key(
        "Those of NAS-Bench-301, which a surrogate predicts."
    )
    digits201: Labels[Literal["digits"], Literal["validation", "test"], Positive] | None = key(
        "Those of the part of digits-bench that is of NAS-Bench-201.", default=None
    )
    nasbench_graph: (
        Labels[GraphDataset, Literal["validation", "test"], Literal["unstated"]] | None
    ) = key("Those of NAS-Bench-Graph, whose package does not say the epochs.", default=None)
    leaked_dataset: Nb201Dataset = key("Its test labels pick the epoch of the leaked rows.")
    top_share: float = key("Share of the truly best for the top measures.", gt=0, le=1)
    at: Several[OfNasbench201] = key("Sizes k of precision@k, regret@k and true rank@k.")
    resamples: int = count("Bootstrap resamples of architectures.", 10)
    level: float = key("Coverage of the bootstrap intervals.", gt=0, lt=1)

    def of(self, labels: Mapping[str, Any]) -> dict[str, Any]:
        """Return how scores are measured, with the labels that they are compared with."""
        measures = {"top_share", "at", "resamples", "level"}
        return self.model_dump(mode="json", include=measures) | dict(labels)


class ZeroShotBenchmark(Keys):
    """One benchmark that the weights of the package rank."""

    benchmark: Benchmark = key("A file of tgnas.benchmarks.")
    architectures: Literal["all"] | Annotated[int, Field(ge=3)] = key(
        "All, or how many are drawn of those that none of the methods has learned from."
    )
    datasets: Several[str] = key("Data sets, or tasks, of the accuracies.")
    splits: Several[str] = key("Splits of the accuracies.")
    epochs: int | str = key("Training epochs behind the accuracies.")


class ZeroShot(Keys):
    """Benchmarks that the weights that come with the package rank, without any training."""

    methods: Several[str] = key(
        "Names of `shipped`, whose members' mean score counts; their predictors, each member by "
        "itself; ensembles of these; graph proxies. Stored zero-cost proxies come by themselves."
    )
    headline: Several[str] = key("Those of the figure.")
    readme: Several[str] | None = key(
        "Those of README's table, stored zero-cost proxies too; `headline` if none are named.",
        default=None,
    )
    differences: Several[Pair] = key(
        "Pairs of methods; how much higher the tau of the first is than that of the second."
    )
    benchmarks: Several[ZeroShotBenchmark] = key("What is ranked.")


class Sample(Keys):
    """Architectures of one benchmark, and what is compared on them."""

    benchmark: Benchmark = key("A file of tgnas.benchmarks.")
    space: Annotated[str, _member_of(registry.NETWORKS), _member_of(registry.SPACES)] = key(
        "A file of tgnas.networks."
    )
    architectures: int = count("How many, drawn at random.", 3)
    shards: int = count("Jobs of each proxy.")
    size: dict[str, Positive] = key("Of the networks, where not the benchmark's.")
    labels: Labels[str, str, int] = key("The accuracies that scores are compared with.")
    methods: Listed[str] = key("Predictors, ensembles and graph proxies beside the networks'.")


class Proxies(Keys):
    """The comparison of training-free proxies on real networks."""

    networks: Literal["all"] | Several[NetworkProxy] = key(
        "All, or files of tgnas.methods.network_proxies."
    )
    seed: int = count("Of samples, images, initial weights and the proxies' own draws.", 0)
    batch: int = count("Images of a batch.", 2)
    images: int = count("Class-balanced training images that the batch is drawn from.", 2, le=50000)
    initialisation: Literal["default", "kaiming"] = key(
        "Of the weights: torch's default, or normal with variance 2 / fan-in (kaiming)."
    )
    inputs: dict[Literal["cifar100", "ImageNet16-120"], str] = key(
        "Your own copies of further data sets, whose images the networks then see too: "
        "cifar-100-python.tar.gz or its folder, the folder or archive of ImageNet16-120's batches."
    )
    timed: int = count("NAS-Bench-201 architectures on which all methods are timed.", 3, le=15625)
    samples: Several[Sample] = key("What is compared on which architectures.")

    @property
    def compared(self) -> list[str]:
        """The zero-cost proxies that are named, or all there are."""
        everything = registry.NETWORK_PROXIES.names()
        return everything if self.networks == "all" else list(self.networks)


class Distillation(Keys):
    """Random cells, as networks of uniform width, whose scores are distilled."""

    architectures: int = count("How many.", 2)
    shards: int = count("Jobs of each proxy.")


class ReducedNetworks(Keys):
    """Proxies on a small network of every live pattern of NAS-Bench-201, and for distillation."""

    proxies: Listed[NetworkProxy] = key("Files of tgnas.methods.network_proxies.")
    shards: int = count("Jobs of each proxy.")
    size: dict[str, Positive] = key("Of the networks, where not the benchmark's.")
    distillation: Distillation = key("Cells of NAS-Bench-101, for `distil_from`.")
    mixed_cells: Distillation = key("Cells of the space mixed_cells, for `distilled`.")


class Constraints(Keys):
    """Searches under constraints on cost, and Pareto fronts."""

    dataset: Nb201Dataset = key("Data set of the costs and of the accuracies beside them.")
    costs: Several[Cost] = key("Counted costs, or columns of HW-NAS-Bench.")
    shares: Several[Annotated[float, Field(gt=0, le=1)]] = key(
        "A constraint is what that share of all architectures keeps."
    )
    scorers: Several[str] = key("Methods with a score file.")
    searchers: Several[Searcher] = key("Files of tgnas.methods.searchers.")


class DartsSearch(Keys):
    """Search in the DARTS space."""

    predictor: str = key("The predictor that searchers query.")
    searchers: Several[Searcher] = key("Files of tgnas.methods.searchers.")
    runs: int = count("Runs of each searcher, shared by the seeds of the predictor.")
    budget: int = count("As `search.budget`, in that space.")


class Search(Keys):
    """Search on NAS-Bench-201 and in the DARTS space."""

    predictor: str = key("The predictor whose searches are drawn and whose incumbent is trained.")
    scorers: Several[str] = key(
        "Methods that every searcher queries; predictors live, others by score file."
    )
    baselines: Listed[GraphProxy] = key("Graph proxies that are searched exhaustively too.")
    searchers: Several[Searcher] = key("Files of tgnas.methods.searchers.")
    runs: int = count("Runs of each searcher, shared by the seeds of a predictor.")
    top: OfNasbench201 = key("Best-scored architectures among which validation accuracy chooses.")
    budget: int = count("Queries of random search, regularised evolution and local search.")
    settings: Changes = key("Keys of the searchers' own `Settings`; equal ones are shared.")
    labelled: Listed[Searcher] = key(
        "Searchers that query validation accuracy, as if they trained."
    )
    surrogates: dict[Searcher, str] = key("The predictor that a searcher fits on what it queried.")
    trainings: int = count("Architectures that a search by validation accuracy trains.")
    training_runs: int = count("Independent runs of such a search.")
    constraints: Constraints
    darts: DartsSearch


class FewTarget(Keys):
    """A benchmark of which methods see a few labels."""

    title: str = key("How tables call it.")
    benchmark: Benchmark = key("A file of tgnas.benchmarks.")
    learned: Label = key("The accuracy that is learned or queried.")
    reported: Label = key("The accuracy that is reported.")
    start: str | None = key(
        "The zero-shot predictor that methods may start from: an entry of `predictors`, or one "
        "that comes with the package. It has learned no label of the benchmark.",
        default=None,
    )
    drawn: Positive | None = key("How many architectures are drawn; all if none.", default=None)
    methods: Several[str] | None = key(
        "Which of `predictors` and `searchers` see it; all if none are named.", default=None
    )


class FewPredictor(Keys):
    """A predictor that learns a few labels of its target."""

    method: PredictorMethod = key("A file of tgnas.methods.predictors.")
    title: str = key("How tables call it.", default="")
    settings: Changes = key("The method's own keys.", default={})
    needs_start: bool = key("Whether it starts from a zero-shot predictor.", default=False)
    seeds: Positive | None = key("Draws of labels, where not `few_labels.seeds`.", default=None)
    beside: str | None = key(
        "The entry that it is compared with, pair by pair; the first one by default.", default=None
    )


class FewSearcher(Keys):
    """A searcher that queries a few labels of its target."""

    searcher: Searcher = key("A file of tgnas.methods.searchers.")
    title: str = key("How tables call it.")
    settings: Changes = key("The searcher's own keys.", default={})
    predictor: FewPredictor | None = key("What it fits on the labels.", default=None)
    needs_start: bool = key("Whether it starts from a zero-shot predictor.", default=False)
    seeds: Positive | None = key("Runs, where not `few_labels.seeds`.", default=None)
    beside: str | None = key(
        "The entry that it is compared with, run by run; the first one by default.", default=None
    )
    targets: Several[str] | None = key(
        "The targets that it can search; all if none are named.", default=None
    )


class FewLabels(Keys):
    """Predictors that learn a few labels of their target, and searchers that query them."""

    seeds: int = count("Draws of labels, and runs of a searcher.")
    start_seeds: int = count("Seeds of a predictor of the config that is started from.")
    sizes: Several[Positive] = key("Numbers of labels that predictors learn.")
    tested: int = count("Architectures that their ranks are measured on.", 30)
    at: Several[Positive] = key("After how many labels of a search is looked.")
    targets: Named[FewTarget] = key("The targets by name.")
    learned: Several[str] = key("Those whose labels predictors learn.")
    queried: Several[str] = key("Those that are searched.")
    methods: Several[str] | None = key(
        "Which of `predictors` and `searchers` are run; all if none are named.", default=None
    )
    predictors: Named[FewPredictor] = key("The predictors by name.")
    searchers: Named[FewSearcher] = key("The searchers by name.")


class Training(Keys):
    """How networks are trained."""

    recipe: str = key("A file of `config/recipes`.")
    change: Changes = key("Keys of the recipe that differ from its file.")


class FinalTraining(Keys):
    """Training of incumbents on CIFAR-10."""

    images: Literal["auto", "official", "jpeg"] = key(
        "Which copy of CIFAR-10; auto takes the best that is at hand."
    )
    seed: int = count("Of weights, images and their order.", 0)
    step: Literal["eager", "captured", "compiled"] = key(
        "How a GPU takes it: captured as a CUDA graph, or compiled and captured. "
        "A CPU takes it eagerly."
    )
    trainings: NamedSome[Training] = key("Trainings of incumbents; `short` is a part of all.")


class DigitsArchitectures(Keys):
    """Which architectures a table of trainings on digits holds."""

    max_vertices: int | None = count("Of NAS-Bench-101's cells; no cell.", 2, le=7, default=None)
    drawn: int = count("Of NAS-Bench-201.", 3, le=15625)
    seed: int = count("Of the draw.", 0)
    kept: int | None = count("Of those drawn, distinct ones, at random; all.", 3, default=None)


class DigitsBench(Training):
    """A table of trainings on scikit-learn's digits that comes with the package."""

    title: str = key("Of its card.")
    architectures: DigitsArchitectures
    seeds: int = count("Trainings of each architecture.")
    shards: int = count("Jobs that share them.")

    @property
    def sizes(self) -> dict[str, int]:
        """What says which architectures there are."""
        return self.architectures.model_dump(exclude_none=True)


class Supernets(Training):
    """Weight sharing: supernets that score the architectures of a benchmark (docs/supernets.md)."""

    benchmark: Benchmark = key("Whose architectures are scored; of a space with a supernet.")
    architectures: int = count("How many of them, drawn at random.", 3)
    labels: Labels[str, str, int] = key("The accuracies of that benchmark.")
    seeds: int = count("Supernets of each method.", 2)
    settings: Changes = key("Keys of the methods' `Settings`, for all that have them.")
    prior: str = key("The shipped predictor that methods start from whose settings ask for one.")
    methods: Several[Name] = key(
        "Files of tgnas.methods.supernets, or names of `own` with a `method`."
    )
    own: Named[Changes] = key(
        "Keys of single methods; `method` is the file, where it is not the name."
    )
    beside: Listed[str] = key("Graph proxies and predictors that score the same architectures.")
    differences: Listed[Pair] = key(
        "Pairs of these methods whose taus are compared, resample by resample."
    )


class Demo(Keys):
    """The chain on digits-bench (config/demo.yaml); its rules are read where this stands."""

    predictor: str = key("The predictor that searches.")
    searcher: Searcher = key("A file of tgnas.methods.searchers.")
    drawn: str = key("The predictor whose predictions are drawn.")
