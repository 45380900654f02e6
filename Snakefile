# The whole chain: fetch, build, embed, train, score, measure, search, train the found network,
# draw. `snakemake --cores all` makes everything; README.md names the shorter targets.
from snakemake.utils import min_version

min_version("9.20")


configfile: "config/config.yaml"


pathvars:
    benchmark_tables="results/benchmarks",
    benchmarks="logs/seconds",
    weights="src/tgnas/weights",
    data="src/tgnas/data",


include: "rules/common.smk"
include: "rules/fetch.smk"
include: "rules/benchmarks.smk"
include: "rules/train.smk"
include: "rules/score.smk"
include: "rules/search.smk"
include: "rules/networks.smk"
include: "rules/results.smk"
include: "rules/publish.smk"


if "demo" in config:

    include: "rules/demo.smk"


# A limit of jobs per second makes Snakemake select jobs anew every second, once more for each job
# that has ended (snakemake/snakemake#2967). The processes of one machine need no such limit.
onstart:
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
        fork_jobs(len(list(workflow.dag.needrun_jobs())))


rule all:
    default_target: True
    input:
        expand("<results>/tables/{table}.md", table=(*TABLES, *SHORT)),
        expand("<results>/figures/{figure}.png", figure=FIGURES),
        f"<results>/{PROVENANCE}",
        "<results>/report.html",


# Not part of `all`: both write into the checkout. `make paper` calls them.
rule ship:
    input:
        expand("<weights>/{shipped}.safetensors", shipped=CONFIG.shipped),
