# The choice of our configuration: on development tasks alone, never on a test space.

SIZES = ("tested", "seeds")


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
