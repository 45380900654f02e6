"""The searches that the config asks for: which share a job, what a job reads, what it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tgnas.registry import PREDICTORS, SEARCHERS
from tgnas.workflow.config.checks import LABELLED

BENCHMARK = "nasbench201"
CONSTRAINED = "constrained_searches"  # the folder of searches under constraints
TRAINED = "validation"  # what is queried where every query stands for a training
# Searchers that query the same scores share a job, so that it costs more than its imports; one
# that is added behind a full job gets a job of its own.
PER_JOB = 7


def jobs(searchers: Sequence[str]) -> list[str]:
    """Return the searchers of each job, joined by "+"."""
    starts = range(0, len(searchers), PER_JOB)
    return ["+".join(searchers[start : start + PER_JOB]) for start in starts]


@dataclass(frozen=True)
class Searches:
    """The config's searches.

    A job is the wildcards of one: searches (the folder, which tells whether there are constraints),
    space, scorer, and searchers, joined by "+".

    Attributes:
        search: the config's section.
        predictors: the complete settings of all predictors.
        seeds: how many seeds each predictor has.
    """

    search: Mapping[str, Any]
    predictors: Mapping[str, Mapping[str, Any]]
    seeds: int

    def tabulated(self) -> list[tuple[str, str]]:
        """Return (scorer, file) of all unconstrained searches on NAS-Bench-201, each once."""
        search, files = self.search, []
        for scorer in search["scorers"]:
            files += [(scorer, self.file_of(scorer, name)) for name in search["searchers"]]
        files += [(name, self.file_of(name, "exhaustive")) for name in search["baselines"]]
        labelled = jobs(search["labelled"])
        files += [(TRAINED, _file("searches", BENCHMARK, TRAINED, job)) for job in labelled]
        return list(dict.fromkeys(files))

    def constrained(self) -> list[tuple[str, str]]:
        """Return (scorer, file) of all searches under constraints."""
        section = self.search["constraints"]
        pairs = [(s, job) for s in section["scorers"] for job in jobs(section["searchers"])]
        return [(scorer, _file(CONSTRAINED, BENCHMARK, scorer, job)) for scorer, job in pairs]

    def in_darts(self) -> list[str]:
        """Return the files of all searches in the DARTS space."""
        darts = self.search["darts"]
        return [_file("searches", "darts", darts["predictor"], j) for j in jobs(darts["searchers"])]

    def file_of(self, scorer: str, searcher: str, space: str = BENCHMARK) -> str:
        """Return the file of one searcher's runs, those of others among them."""
        section = self.search["darts"] if space == "darts" else self.search
        shared = scorer in section.get("scorers", [scorer])
        given = [job for job in jobs(section["searchers"]) if searcher in job.split("+") and shared]
        return _file("searches", space, scorer, *(given or [searcher]))

    def to_train(self, space: str) -> str:
        """Return the file whose best incumbent is trained."""
        section = self.search["darts"] if space == "darts" else self.search
        return self.file_of(section["predictor"], "hybrid", space)

    def inputs(self, job: Any) -> dict[str, str | list[str]]:
        """Return the files that a job reads: predictors live, other scorers by file."""
        named = {row["embedding"]: None for row in self.surrogates(job).values()}
        seeds, predictor = range(self.seeds), self._predictor(job)
        if predictor:
            named = {predictor["embedding"]: None}
        by_file = not predictor and not self.label(job)
        dataset, scores = self.search["constraints"]["dataset"], f"{BENCHMARK}/{job.scorer}"
        constrained = job.searches == CONSTRAINED
        weights = f"<results>/predictors/{job.scorer}/seed{{}}/epochs.safetensors"
        return {
            "benchmark": [] if predictor else f"<benchmark_tables>/{BENCHMARK}.arrow",
            "scores": f"<results>/scores/{scores}.parquet" if by_file else [],
            "costs": f"<results>/costs/{BENCHMARK}/{dataset}.parquet" if constrained else [],
            "weights": [weights.format(seed) for seed in seeds] if predictor else [],
            "embeddings": [f"<results>/embeddings/{name}.parquet" for name in named],
        }

    def plan(self, job: Any) -> dict[str, Any]:
        """Return what a job runs, as ``search.runs.Plan``: of each searcher its own keys alone.

        The seeds of a predictor share its runs evenly.
        """
        keys = dict(self.search)
        if job.space == "darts":
            keys |= {key: keys["darts"][key] for key in ("runs", "budget")}
        if self.label(job):
            keys |= {"runs": keys["training_runs"], "budget": keys["trainings"]}
        runs = -(-keys["runs"] // self.seeds) if self._predictor(job) else keys["runs"]
        searchers = {
            name: {k: keys[k] for k in SEARCHERS.settings(name).model_fields if k in keys}
            for name in job.searchers.split("+")
        }
        return {"searchers": searchers, "runs": runs, "top": keys["top"]}

    def pruning_plan(self) -> dict[str, Any]:
        """Return what compares the scores of partial architectures, whatever the scorer."""
        keys = SEARCHERS.settings("pruning").model_fields
        settings = {key: self.search[key] for key in keys}
        return {"searchers": {"pruning": settings}} | {k: self.search[k] for k in ("runs", "top")}

    def label(self, job: Any) -> dict[str, Any]:
        """Return the accuracy that is queried; empty for scores."""
        if job.scorer != TRAINED:
            return {}
        return {key: LABELLED[TRAINED][key] for key in ("dataset", "split")}

    def constraints(self, job: Any) -> dict[str, Any]:
        """Return the names of the costs, and the shares of architectures that limits keep."""
        section = self.search["constraints"]
        given = {"names": section["costs"], "shares": section["shares"]}
        return given if job.searches == CONSTRAINED else {}

    def surrogates(self, job: Any) -> dict[str, Any]:
        """Return the predictor that each searcher fits on what it has queried, if it fits one."""
        named = self.search["surrogates"]
        return {s: self.predictors[named[s]] for s in job.searchers.split("+") if s in named}

    def modules(self, job: Any) -> list[str]:
        """Return what a job loads by name."""
        loaded = [SEARCHERS.module_name(name) for name in job.searchers.split("+")]
        rows = [*self.surrogates(job).values(), *filter(None, [self._predictor(job)])]
        return [*loaded, *(PREDICTORS.module_name(row["method"]) for row in rows)]

    def _predictor(self, job: Any) -> Mapping[str, Any] | None:
        return None if job.searches == CONSTRAINED else self.predictors.get(job.scorer)


def _file(folder: str, space: str, scorer: str, job: str) -> str:
    return f"<results>/{folder}/{space}/{scorer}/{job}.parquet"
