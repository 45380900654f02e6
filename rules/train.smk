# Predictors, trained on their sources; their configurations, compared; what they are without a part.
ABLATIONS = {key: row.flat() for key, row in CONFIG.ablated.items()}
unpacked = Path(folder("resources")) / "models" / MPNET.name / MPNET.weights
if not (unpacked.exists() or installed(MPNET)):
    without = [
        key
        for key, row in ABLATIONS.items()
        if config["embeddings"][row["embedding"]]["model"] == MPNET.name
    ]
    for key in without:
        del ABLATIONS[key]
    if without:
        logger.warning(
            f"{MPNET.name} is not at hand (`make mpnet`): {len(without)} ablations are left out"
        )
SIZES = ("tested", "seeds")


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


rule measure_ablation:
    input:
        source="<benchmark_tables>/nasbench101.arrow",
        target="<benchmark_tables>/nasbench201.arrow",
        embeddings=lambda w: vectors_of(ABLATIONS[w.base, w.axis, w.value]),
    output:
        measures="<results>/ablations/{base}/{axis}/{value}.csv",
    log:
        "<logs>/measure_ablation/{base}/{axis}/{value}.log",
    benchmark:
        "<benchmarks>/measure_ablation/{base}/{axis}/{value}.tsv"
    wildcard_constraints:
        base="|".join(sorted({base for base, _, _ in ABLATIONS})),
        axis="|".join(sorted({axis for _, axis, _ in ABLATIONS})),
        value="[a-z0-9_]+",
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: lambda w: ABLATIONS[w.base, w.axis, w.value]["threads"]
    params:
        settings=lambda w: ABLATIONS[w.base, w.axis, w.value],
        label=config["training"]["nasbench101"],
        ranking=LABELS,
        seeds=config["ablations"]["seeds"],
        code=lambda w: training_digest(
            "measure_ablation", ABLATIONS[w.base, w.axis, w.value]
        ),
    script:
        "../workflow/scripts/measure_ablation.py"
