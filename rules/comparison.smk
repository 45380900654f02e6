# What the scores of samples say: `make proxies`. About 2 hours on 2 cores, so no part of `all`.


rule measure_sample:
    input:
        benchmark=table_of_sample,
        sample="<results>/proxies/samples/{sampled}.parquet",
        scores=lambda w: scores_of_sample(w.sampled),
    output:
        measures="<results>/proxies/measures/{sampled}.csv",
    log:
        "<logs>/measure_sample/{sampled}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking=lambda w: ranking_of_sample(w.sampled),
        code=code("measure_sample"),
    script:
        "../workflow/scripts/measure_sample.py"


rule time_setup:
    input:
        embeddings=lambda w: vectors_of(PREDICTOR_ROWS[w.predictor]),
        model=lambda w: MODEL_FILES.get(embedding_of(w.predictor)["model"], []),
        epochs="<results>/predictors/{predictor}/seed0/epochs.safetensors",
        history="<results>/predictors/{predictor}/seed0/history.csv",
    output:
        setup="<results>/proxies/setup/{predictor}.csv",
    log:
        "<logs>/time_setup/{predictor}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        settings=lambda w: embedding_of(w.predictor),
        code=lambda w: predictor_digest("time_setup", w.predictor),
    script:
        "../workflow/scripts/time_setup.py"


rule measure_independence:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        sample="<results>/proxies/samples/nasbench201.parquet",
        scores=[
            table_of_scores("nasbench201", name) for name in correlated_methods(CONFIG)
        ],
    output:
        measures="<results>/proxies/measures/independence.csv",
    log:
        "<logs>/measure_independence.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking=ranking_of_sample("nasbench201"),
        code=code("measure_independence"),
    script:
        "../workflow/scripts/measure_independence.py"
