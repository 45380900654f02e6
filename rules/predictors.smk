# Predictors: trained on their sources, then asked for a benchmark that is none of them.


rule train_predictor:
    input:
        benchmarks=lambda w: [
            f"<benchmark_tables>/{source}.arrow"
            for source in PREDICTOR_ROWS[w.predictor]["sources"]
        ],
        distilled=lambda w: distilled_scores(PREDICTOR_ROWS[w.predictor]),
        embeddings=lambda w: vectors_of(PREDICTOR_ROWS[w.predictor]),
    output:
        epochs="<results>/predictors/{predictor}/seed{seed}/epochs.safetensors",
        history="<results>/predictors/{predictor}/seed{seed}/history.csv",
    log:
        "<logs>/train_predictor/{predictor}/seed{seed}.log",
    benchmark:
        "<benchmarks>/train_predictor/{predictor}/seed{seed}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: lambda w: PREDICTOR_ROWS[w.predictor]["threads"]
    resources:
        mem_mb=4000,
    params:
        labels=lambda w: [
            config["training"][source]
            for source in PREDICTOR_ROWS[w.predictor]["sources"]
        ],
        settings=lambda w: PREDICTOR_ROWS[w.predictor],
        code=lambda w: training_digest("train_predictor", PREDICTOR_ROWS[w.predictor]),
    script:
        "../workflow/scripts/train_predictor.py"


rule score_with_predictor:
    input:
        benchmark="<benchmark_tables>/{target}.arrow",
        embeddings=lambda w: vectors_of(PREDICTOR_ROWS[w.predictor]),
        epochs=of_every_seed("epochs.safetensors"),
    output:
        scores="<results>/scores/{target}/{predictor}.parquet",
    log:
        "<logs>/score_with_predictor/{target}/{predictor}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=lambda w: predictor_digest("score_with_predictor", w.predictor),
    script:
        "../workflow/scripts/score_with_predictor.py"


rule score_with_leaked_epoch:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        embeddings=lambda w: vectors_of(PREDICTOR_ROWS[w.predictor]),
        epochs=of_every_seed("epochs.safetensors"),
    output:
        scores="<results>/scores/nasbench201/{predictor}_leaked.parquet",
        taus="<results>/audit/{predictor}.csv",
    log:
        "<logs>/score_with_leaked_epoch/{predictor}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking=LABELS | {"leaked_dataset": config["ranking"]["leaked_dataset"]},
        code=lambda w: predictor_digest("score_with_leaked_epoch", w.predictor),
    script:
        "../workflow/scripts/score_with_leaked_epoch.py"
