# The whole chain: fetch, build, embed, train, score, measure, search, train the found network,
# draw. `snakemake --cores all` makes everything; README.md names the shorter targets.
from snakemake.utils import min_version

min_version("9.20")


configfile: "config/config.yaml"


pathvars:
    benchmark_tables="results/benchmarks",
    benchmarks="logs/seconds",


include: "rules/common.smk"
include: "rules/fetch.smk"
include: "rules/benchmarks.smk"
include: "rules/embeddings.smk"
include: "rules/predictors.smk"
include: "rules/selection.smk"
include: "rules/proxies.smk"
include: "rules/combinations.smk"
include: "rules/measures.smk"
include: "rules/searchers.smk"
include: "rules/limits.smk"
include: "rules/training.smk"
include: "rules/figures.smk"
include: "rules/provenance.smk"


# Made, but not yet part of `all`: the choice of our own configuration, and the audit.
rule transfer:
    input:
        "<results>/tables/selection.md",
        "<results>/tables/audit.md",
        "<results>/figures/audit.png",


# The search in the DARTS space, not yet part of `all` either.
rule search_darts:
    input:
        "<results>/tables/darts_search.md",
        "<results>/figures/genotype.png",


rule all:
    default_target: True
    input:
        expand("<results>/tables/{table}.md", table=TABLES),
        expand("<results>/figures/{figure}.png", figure=FIGURES),
        "<results>/provenance.json",
