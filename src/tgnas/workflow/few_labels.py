"""Jobs of methods that see a few labels of their target: what each reads, and what it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tgnas.registry import PREDICTORS, SEARCHERS
from tgnas.workflow.config.models import FewLabels, FewPredictor, FewSearcher, FewTarget
from tgnas.workflow.config.reading import Config
from tgnas.workflow.provenance import weights_digest

ZERO_SHOT = "zero_shot"  # the row of the predictor that is started from, without a label


@dataclass(frozen=True)
class FewLabelJobs:
    """The jobs of a config: all seeds of one method on one target.

    A job is the wildcards of one: few_target and learner, a predictor or a searcher by its name.
    """

    config: Config

    @property
    def section(self) -> FewLabels:
        """The config's section."""
        return self.config.few_labels

    @property
    def learners(self) -> list[str]:
        """The names of all predictors and searchers, and that of the start alone."""
        return [ZERO_SHOT, *self.section.predictors, *self.section.searchers]

    def file(self, target: str, learner: str) -> str:
        """Return the file that a job writes."""
        return f"<results>/few_labels/{target}/{learner}.parquet"

    def learned(self) -> dict[str, list[str]]:
        """Return for each target the names of its predictors, the start alone first if any."""
        section = self.section
        return {
            name: ([ZERO_SHOT] if section.targets[name].start else [])
            + self._of(section.targets[name], section.predictors)
            for name in section.learned
        }

    def queried(self) -> dict[str, list[str]]:
        """Return for each target the names of its searchers."""
        section = self.section
        return {
            name: [
                learner
                for learner in self._of(section.targets[name], section.searchers)
                if name in (section.searchers[learner].targets or [name])
            ]
            for name in section.queried
        }

    def files(self, order: Mapping[str, Sequence[str]]) -> list[str]:
        """Return the files of all methods of all targets, in their order."""
        return [self.file(target, name) for target, names in order.items() for name in names]

    def _of(
        self, target: FewTarget, learners: Mapping[str, FewPredictor | FewSearcher]
    ) -> list[str]:
        chosen = [names for names in (self.section.methods, target.methods) if names is not None]
        return [
            name
            for name, one in learners.items()
            if all(name in names for names in chosen) and (target.start or not one.needs_start)
        ]

    def inputs(self, job: Any) -> dict[str, Any]:
        """Return the files that a job reads."""
        target = self.section.targets[job.few_target]
        row = self.config.predictors.get(target.start or "")
        weights = f"<results>/predictors/{target.start}/seed{{}}/epochs.safetensors"
        embedding = row.embedding if row else "minilm_short"
        seeds = range(min(self.config.seeds, self.section.start_seeds))
        return {
            "benchmark": f"<benchmark_tables>/{target.benchmark}.arrow",
            "embeddings": f"<results>/embeddings/{embedding}.parquet",
            "weights": [weights.format(seed) for seed in seeds] if row else [],
        }

    def params(self, job: Any) -> dict[str, Any]:
        """Return what a job runs, by the names of its script's parameters."""
        section = self.section
        target = section.targets[job.few_target]
        about = target.model_dump(mode="json", include={"learned", "reported", "drawn"})
        learned, queried = {}, {}
        if job.learner in section.searchers:
            one = section.searchers[job.learner]
            settings = dict(one.settings)
            if "budget" in SEARCHERS.settings(one.searcher).model_fields:
                settings.setdefault("budget", max(section.at))
            # A search with a budget of its own is looked at when that is spent, too.
            at = sorted({*section.at, settings.get("budget", max(section.at))})
            queried = {
                "searcher": one.searcher,
                "settings": settings,
                "predictor": one.predictor.model_dump(mode="json") if one.predictor else None,
                "seeds": one.seeds or section.seeds,
                "at": at,
            }
        elif job.learner == ZERO_SHOT:
            learned = {"method": ZERO_SHOT, "settings": {}, "sizes": [0], "seeds": 1}
        else:
            predictor = section.predictors[job.learner]
            learned = {"method": predictor.method, "settings": dict(predictor.settings)}
            learned |= {"sizes": list(section.sizes), "seeds": predictor.seeds or section.seeds}
        if learned:
            learned["tested"] = section.tested
        own = target.start in self.config.predictors
        start = "" if own else (target.start or "")
        return {"start": start, "target": about, "learned": learned, "queried": queried}

    def shipped(self, job: Any) -> str:
        """Return a hash of the weights to start from that come with the package; empty for none."""
        start = self.params(job)["start"]
        return weights_digest(start) if start else ""

    def modules(self, job: Any) -> list[str]:
        """Return what a job loads by name."""
        section, name = self.section, job.learner
        methods, loaded = ["tgnas"], []
        if name in section.searchers:
            one = section.searchers[name]
            loaded = [SEARCHERS.module_name(one.searcher)]
            methods += [one.predictor.method] if one.predictor else []
        elif name in section.predictors:
            methods.append(section.predictors[name].method)
        return [*loaded, *(PREDICTORS.module_name(method) for method in methods)]
