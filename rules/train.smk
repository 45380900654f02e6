# Predictors, trained on their sources; their configurations, compared; what they are without a part.
ABLATIONS = dict(CONFIG.ablated)
unpacked = Path(folder("resources")) / "models" / MPNET.name / MPNET.weights
if not (unpacked.exists() or installed(MPNET)):
    without = [
        key
        for key, row in ABLATIONS.items()
        if CONFIG.embeddings[row.embedding].model == MPNET.name
    ]
    for key in without:
        del ABLATIONS[key]
    if without:
        logger.warning(
            f"{MPNET.name} is not at hand (`make mpnet`): {number_of(len(without), 'ablation')} "
            f"{are(len(without))} left out"
        )


rule train_predictor:
    input:
        benchmarks=lambda w: [
            f"<benchmark_tables>/{source}.arrow"
            for source in CONFIG.predictors[w.predictor].sources
        ],
        distilled=lambda w: distilled_scores(CONFIG.predictors[w.predictor]),
        mixed=lambda w: mixed_scores(CONFIG.predictors[w.predictor]),
        embeddings=lambda w: vectors_of(CONFIG.predictors[w.predictor]),
    output:
        epochs="<results>/predictors/{predictor}/seed{seed}/epochs.safetensors",
        history="<results>/predictors/{predictor}/seed{seed}/history.csv",
    log:
        "<logs>/train_predictor/{predictor}/seed{seed}.log",
    benchmark:
        "<benchmarks>/train_predictor/{predictor}/seed{seed}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: lambda w: CONFIG.predictors[w.predictor].threads
    resources:
        mem_mb=4000,
    params:
        labels=lambda w: [
            CONFIG.training[source].model_dump()
            for source in CONFIG.predictors[w.predictor].sources
        ],
        settings=lambda w: CONFIG.predictors[w.predictor].flat(),
        code=lambda w: training_digest(
            "train_predictor", CONFIG.predictors[w.predictor]
        ),
    script:
        "../workflow/scripts/train_predictor.py"


rule score_transfer:
    input:
        source="<benchmark_tables>/nasbench101.arrow",
        others=expand("<benchmark_tables>/{other}.arrow", other=CONFIG.selection.others),
        distilled=lambda w: distilled_scores(CONFIG.candidates[w.candidate]),
        embeddings=lambda w: vectors_of(CONFIG.candidates[w.candidate]),
    output:
        scores="<results>/selection/{candidate}.parquet",
    log:
        "<logs>/score_transfer/{candidate}.log",
    benchmark:
        "<benchmarks>/score_transfer/{candidate}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: lambda w: CONFIG.candidates[w.candidate].threads
    params:
        settings=lambda w: CONFIG.candidates[w.candidate].flat(),
        labels=CONFIG.training["nasbench101"].model_dump(),
        sizes=CONFIG.selection.model_dump(include={"tested", "seeds"}),
        code=lambda w: training_digest("score_transfer", CONFIG.candidates[w.candidate]),
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
        value="|".join(sorted({re.escape(value) for _, _, value in ABLATIONS})),
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: lambda w: ABLATIONS[w.base, w.axis, w.value].threads
    params:
        settings=lambda w: ABLATIONS[w.base, w.axis, w.value].flat(),
        label=CONFIG.training["nasbench101"].model_dump(),
        ranking=LABELS.model_dump(mode="json"),
        seeds=CONFIG.ablations.seeds,
        code=lambda w: training_digest(
            "measure_ablation", ABLATIONS[w.base, w.axis, w.value]
        ),
    script:
        "../workflow/scripts/measure_ablation.py"


# A space by a universal predictor that has not learned it, beside the shipped ones and every count.
rule measure_universal:
    input:
        target="<benchmark_tables>/{benchmark}.arrow",
        epochs=lambda w: [
            "<results>/predictors/{}/seed{}/epochs.safetensors".format(
                CONFIG.universal.spaces[w.benchmark].predictor, seed
            )
            for seed in range(CONFIG.seeds)
        ],
        embeddings=lambda w: vectors_of(
            CONFIG.predictors[CONFIG.universal.spaces[w.benchmark].predictor]
        ),
    output:
        measures="<results>/measures/universal/{benchmark}.csv",
        resampled="<results>/measures/universal/{benchmark}_resampled.parquet",
    log:
        "<logs>/measure_universal/{benchmark}.log",
    benchmark:
        "<benchmarks>/measure_universal/{benchmark}.tsv"
    wildcard_constraints:
        benchmark="|".join(CONFIG.universal.spaces),
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        ranking=lambda w: CONFIG.ranking.of(
            CONFIG.universal.spaces[w.benchmark].model_dump(
                include={"datasets", "split", "epochs"}
            )
            | {"resamples": CONFIG.universal.resamples}
        ),
        architectures=lambda w: CONFIG.universal.spaces[w.benchmark].architectures,
        shipped=list(CONFIG.universal.shipped),
        weights=lambda w: list(map(weights_digest, CONFIG.universal.shipped)),
        left_out=lambda w: left_out_for(w.benchmark),
        code=lambda w: method_digest("measure_universal", "universal"),
    script:
        "../workflow/scripts/measure_universal.py"
