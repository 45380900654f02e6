"""The searches that the config asks for: which share a job, what a job reads, what it runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tgnas.registry import PREDICTORS, SEARCHERS
from tgnas.workflow.config.checks import LABELLED
from tgnas.workflow.config.models import Predictor, Search
from tgnas.workflow.config.reading import Config

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
    """The searches of a config.

    A job is the wildcards of one: searches (the folder, which tells whether there are constraints),
    space, scorer, and searchers, joined by "+".
    """

    config: Config

    @property
    def search(self) -> Search:
        """The config's section."""
        return self.config.search

    def tabulated(self) -> list[tuple[str, str]]:
        """Return (scorer, file) of all unconstrained searches on NAS-Bench-201, each once."""
        search, files = self.search, []
        for scorer in search.scorers:
            files += [(scorer, self.file_of(scorer, name)) for name in search.searchers]
        files += [(name, self.file_of(name, "exhaustive")) for name in search.baselines]
        labelled = jobs(search.labelled)
        files += [(TRAINED, _file("searches", BENCHMARK, TRAINED, job)) for job in labelled]
        return list(dict.fromkeys(files))

    def constrained(self) -> list[tuple[str, str]]:
        """Return (scorer, file) of all searches under constraints."""
        section = self.search.constraints
        pairs = [(s, job) for s in section.scorers for job in jobs(section.searchers)]
        return [(scorer, _file(CONSTRAINED, BENCHMARK, scorer, job)) for scorer, job in pairs]

    def in_darts(self) -> list[str]:
        """Return the files of all searches in the DARTS space."""
        darts = self.search.darts
        return [_file("searches", "darts", darts.predictor, j) for j in jobs(darts.searchers)]

    def file_of(self, scorer: str, searcher: str, space: str = BENCHMARK) -> str:
        """Return the file of one searcher's runs, those of others among them."""
        section = self.search.darts if space == "darts" else self.search
        shared = space == "darts" or scorer in self.search.scorers
        matches = [job for job in jobs(section.searchers) if searcher in job.split("+") and shared]
        return _file("searches", space, scorer, *(matches or [searcher]))

    def to_train(self, space: str) -> str:
        """Return the file whose best incumbent is trained."""
        section = self.search.darts if space == "darts" else self.search
        return self.file_of(section.predictor, "hybrid", space)

    def inputs(self, job: Any) -> dict[str, str | list[str]]:
        """Return the files that a job reads: predictors live, other scorers by file.

        Of a predictor that is scored with the weights of the package that is their one file.
        """
        predictor, seeds = self.predictor(job), range(self.config.seeds)
        fitted = dict.fromkeys(row.embedding for row in self._surrogates(job).values())
        vectors = [f"<results>/embeddings/{name}.parquet" for name in fitted]
        by_file = not predictor and not self.label(job)
        dataset, scores = self.search.constraints.dataset, f"{BENCHMARK}/{job.scorer}"
        constrained = job.searches == CONSTRAINED
        shipped = self.config.shipped_as(job.scorer)
        trained = f"<results>/predictors/{job.scorer}/seed{{}}/epochs.safetensors"
        weights = [shipped] if shipped else [trained.format(seed) for seed in seeds]
        return {
            "benchmark": [] if predictor else f"<benchmark_tables>/{BENCHMARK}.arrow",
            "scores": f"<results>/scores/{scores}.parquet" if by_file else [],
            "costs": f"<results>/costs/{BENCHMARK}/{dataset}.parquet" if constrained else [],
            "weights": weights if predictor else [],
            "embeddings": [self.config.vectors_of(job.scorer)] if predictor else vectors,
        }

    def plan(self, job: Any) -> dict[str, Any]:
        """Return what a job runs, as ``search.runs.Plan``: of each searcher its own keys alone.

        The seeds of a predictor share its runs evenly.
        """
        section = self.search.darts if job.space == "darts" else self.search
        runs, budget = section.runs, section.budget
        if self.label(job):
            runs, budget = self.search.training_runs, self.search.trainings
        if self.predictor(job):
            runs = -(-runs // self.config.seeds)
        searchers = {name: self._settings(name, budget) for name in job.searchers.split("+")}
        return {"searchers": searchers, "runs": runs, "top": self.search.top}

    def pruning_plan(self) -> dict[str, Any]:
        """Return what compares the scores of partial architectures, whatever the scorer."""
        searchers = {"pruning": self._settings("pruning", self.search.budget)}
        return {"searchers": searchers, "runs": self.search.runs, "top": self.search.top}

    def label(self, job: Any) -> dict[str, Any]:
        """Return the accuracy that is queried; empty for scores."""
        if job.scorer != TRAINED:
            return {}
        return {key: LABELLED[TRAINED][key] for key in ("dataset", "split")}

    def constraints(self, job: Any) -> dict[str, Any]:
        """Return the names of the costs, and the shares of architectures that bounds keep."""
        section = self.search.constraints
        named = {"names": list(section.costs), "shares": list(section.shares)}
        return named if job.searches == CONSTRAINED else {}

    def surrogates(self, job: Any) -> dict[str, Any]:
        """Return the predictor that each searcher fits on what it has queried, if it fits one."""
        return {name: row.flat() for name, row in self._surrogates(job).items()}

    def modules(self, job: Any) -> list[str]:
        """Return what a job loads by name."""
        loaded = [SEARCHERS.module_name(name) for name in job.searchers.split("+")]
        rows = [*self._surrogates(job).values(), *filter(None, [self.predictor(job)])]
        return [*loaded, *(PREDICTORS.module_name(row.method) for row in rows)]

    def predictor(self, job: Any) -> Predictor | None:
        """Return the predictor that is queried live; None for other scorers."""
        return None if job.searches == CONSTRAINED else self.config.predictors.get(job.scorer)

    def threads(self, job: Any) -> int:
        """Return the threads of a job."""
        predictor = self.predictor(job)
        return predictor.threads if predictor else 1

    def _surrogates(self, job: Any) -> dict[str, Predictor]:
        chosen = self.search.surrogates
        named = [name for name in job.searchers.split("+") if name in chosen]
        return {name: self.config.predictors[chosen[name]] for name in named}

    def _settings(self, searcher: str, budget: int) -> dict[str, Any]:
        """Return what of the config's settings is a searcher's."""
        settings = self.search.settings | {"budget": budget}
        return {
            key: settings[key]
            for key in SEARCHERS.settings(searcher).model_fields
            if key in settings
        }


def _file(folder: str, space: str, scorer: str, job: str) -> str:
    return f"<results>/{folder}/{space}/{scorer}/{job}.parquet"
