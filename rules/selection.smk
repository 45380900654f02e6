# The choice of our configuration: on development tasks alone, never on a test space.

SIZES = ("tested", "seeds")
SELECTION_ENSEMBLES = [
    {"name": name, "over_seeds": part.over_seeds, "members": members}
    for part in CONFIG.rounds
    for name, members in part.ensembles.items()
]
# Graph proxies among the members of ensembles.
ENSEMBLED_PROXIES = sorted(
    f"tgnas.methods.graph_proxies.{member}"
    for member in {m for row in SELECTION_ENSEMBLES for m in row["members"]}
    if member in GRAPH_PROXIES.names()
)


rule score_transfer:
    input:
        source="<benchmark_tables>/nasbench101.arrow",
        others=expand(
            "<benchmark_tables>/{other}.arrow", other=config["selection"]["others"]
        ),
        distilled=lambda w: distilled_scores(CANDIDATES[w.candidate]),
        embeddings=lambda w: vectors_of(CANDIDATES[w.candidate]),
    output:
        scores="<results>/selection/{candidate}.parquet",
    log:
        "<logs>/score_transfer/{candidate}.log",
    benchmark:
        "<benchmarks>/score_transfer/{candidate}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: lambda w: CANDIDATES[w.candidate]["threads"]
    params:
        settings=lambda w: CANDIDATES[w.candidate],
        labels=config["training"]["nasbench101"],
        sizes={k: config["selection"][k] for k in SIZES},
        code=lambda w: training_digest("score_transfer", CANDIDATES[w.candidate]),
    script:
        "../workflow/scripts/score_transfer.py"


rule tabulate_selection:
    input:
        source="<benchmark_tables>/nasbench101.arrow",
        others=expand(
            "<benchmark_tables>/{other}.arrow", other=config["selection"]["others"]
        ),
        scores=expand("<results>/selection/{candidate}.parquet", candidate=CANDIDATES),
    output:
        table=report(
            "<results>/tables/selection.csv", **captioned("selection", "Tables")
        ),
        markdown="<results>/tables/selection.md",
    log:
        "<logs>/tabulate_selection.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        labels=config["training"]["nasbench101"],
        sizes={k: config["selection"][k] for k in SIZES},
        ensembles=SELECTION_ENSEMBLES,
        chosen=config["selection"]["chosen"],
        top_share=config["ranking"]["top_share"],
        code=code("tabulate_selection", *ENSEMBLED_PROXIES),
    script:
        "../workflow/scripts/tabulate_selection.py"
