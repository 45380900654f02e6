# Populations, every method's scores of them, and how well these rank.


# What is stored needs no computing anew.
ruleorder: import_scores_of_nasbench301 > score_with_graph_proxy
ruleorder: import_scores_of_digits201 > score_with_graph_proxy
ruleorder: import_scores_of_nasbench_graph > score_with_graph_proxy
# Nothing is trained for what the weights of the package rank.
ruleorder: score_with_shipped_weights > score_with_predictor


rule draw_population:
    input:
        benchmark=lambda w: POPULATIONS[w.drawn_population].tables,
    output:
        drawn="<results>/populations/{drawn_population}.parquet",
    log:
        "<logs>/draw_population/{drawn_population}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        space=lambda w: POPULATIONS[w.drawn_population].space_name,
        architectures=lambda w: POPULATIONS[w.drawn_population].architectures,
        seed=CONFIG.proxies.seed,
        unlearned=lambda w: list(POPULATIONS[w.drawn_population].unlearned),
        code=lambda w: digest(
            "draw_population", *space_modules(POPULATIONS[w.drawn_population])
        ),
    script:
        "../workflow/scripts/draw_population.py"


rule draw_batch:
    input:
        images=lambda w: CONFIG.proxies.inputs.get(w.inputs) or image_file(),
    output:
        batch="<results>/batches/{inputs}.safetensors",
    log:
        "<logs>/draw_batch/{inputs}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        drawn=CONFIG.proxies.images,
        settings=CONFIG.proxies.model_dump(include={"seed", "batch"}),
        code=code("draw_batch"),
    script:
        "../workflow/scripts/draw_batch.py"


rule score_with_predictor:
    input:
        architectures=lambda w: POPULATIONS[w.population].file,
        embeddings=lambda w: CONFIG.vectors_of(w.predictor),
        epochs=trained_or_shipped,
    output:
        scores="<results>/scores/{population}/{predictor}.parquet",
    log:
        "<logs>/score_with_predictor/{population}/{predictor}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        timed=lambda w: POPULATIONS[w.population].timed,
        shipped=lambda w: bool(CONFIG.shipped_as(w.predictor)),
        code=lambda w: predictor_digest(
            "score_with_predictor",
            w.predictor,
            *space_modules(POPULATIONS[w.population]),
        ),
    script:
        "../workflow/scripts/score_with_predictor.py"


# The weights are no input: they would have to be trained. Their digest stands for them.
rule score_with_shipped_weights:
    input:
        architectures=lambda w: POPULATIONS[w.zero_shot_population].file,
        benchmark=lambda w: POPULATIONS[w.zero_shot_population].table,
    output:
        scores="<results>/scores/{zero_shot_population}/{shipped_method}.parquet",
    log:
        "<logs>/score_with_shipped_weights/{zero_shot_population}/{shipped_method}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        shipped=lambda w: SHIPPED_METHODS[w.shipped_method],
        joined=lambda w: w.shipped_method in CONFIG.shipped,
        weights=lambda w: weights_digest(SHIPPED_METHODS[w.shipped_method]),
        code=lambda w: method_digest(
            "score_with_shipped_weights",
            CONFIG.predictors[predictor_of(w.shipped_method)].method,
            *space_modules(POPULATIONS[w.zero_shot_population]),
        ),
    script:
        "../workflow/scripts/score_with_shipped_weights.py"


rule score_with_leaked_epoch:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        embeddings=lambda w: vectors_of(CONFIG.predictors[w.predictor]),
        epochs=of_every_seed("epochs.safetensors"),
    output:
        scores="<results>/scores/nasbench201/{predictor}_leaked.parquet",
        taus="<results>/audit/{predictor}.csv",
    log:
        "<logs>/score_with_leaked_epoch/{predictor}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking=LABELS.model_dump(mode="json")
        | {"leaked_dataset": CONFIG.ranking.leaked_dataset},
        code=lambda w: predictor_digest("score_with_leaked_epoch", w.predictor),
    script:
        "../workflow/scripts/score_with_leaked_epoch.py"


rule score_with_graph_proxy:
    input:
        architectures=lambda w: POPULATIONS[w.population].file,
    output:
        scores="<results>/scores/{population}/{graph_proxy}.parquet",
    log:
        "<logs>/score_with_graph_proxy/{population}/{graph_proxy}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        dataset=lambda w: POPULATIONS[w.population].inputs,
        timed=lambda w: POPULATIONS[w.population].timed,
        seeds=lambda w: seeds_of_proxy(w.population, w.graph_proxy),
        code=lambda w: digest(
            "score_with_graph_proxy",
            GRAPH_PROXIES.module_name(w.graph_proxy),
            *space_modules(POPULATIONS[w.population]),
        ),
    script:
        "../workflow/scripts/score_with_graph_proxy.py"


# A job is one shard of one network proxy, so that little is lost when it is interrupted.
rule score_with_network_proxy:
    input:
        architectures="<results>/populations/{drawn_population}.parquet",
        batch=lambda w: "<results>/batches/{}.safetensors".format(
            POPULATIONS[w.drawn_population].inputs
        ),
    output:
        scored="<results>/shards/{drawn_population}/{network_proxy}/{shard}.parquet",
    log:
        "<logs>/score_with_network_proxy/{drawn_population}/{network_proxy}/{shard}.log",
    benchmark:
        "<benchmarks>/score_with_network_proxy/{drawn_population}/{network_proxy}/{shard}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        shards=lambda w: POPULATIONS[w.drawn_population].shards,
        settings=lambda w: network_settings(
            POPULATIONS[w.drawn_population], CONFIG.proxies
        ),
        classes=lambda w: dataset_facts(POPULATIONS[w.drawn_population].inputs).classes,
        networks=lambda w: POPULATIONS[w.drawn_population].networks,
        code=lambda w: network_proxy_digest("score_with_network_proxy", w),
    script:
        "../workflow/scripts/score_with_network_proxy.py"


rule join_shards:
    input:
        architectures="<results>/populations/{drawn_population}.parquet",
        shards=lambda w: [
            f"<results>/shards/{w.drawn_population}/{w.network_proxy}/{shard}.parquet"
            for shard in range(POPULATIONS[w.drawn_population].shards)
        ],
    output:
        scores="<results>/scores/{drawn_population}/{network_proxy}.parquet",
    log:
        "<logs>/join_shards/{drawn_population}/{network_proxy}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=lambda w: network_proxy_digest("join_shards", w),
    script:
        "../workflow/scripts/join_shards.py"


rule spread_over_patterns:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        patterns=POPULATIONS[PATTERN_POPULATION].file,
        scored=POPULATIONS[PATTERN_POPULATION].scores("{network_proxy}"),
    output:
        scores=f"<results>/scores/nasbench201/{{network_proxy}}{REDUCED}.parquet",
    log:
        f"<logs>/spread_over_patterns/{{network_proxy}}{REDUCED}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("spread_over_patterns"),
    script:
        "../workflow/scripts/spread_over_patterns.py"


rule score_with_ensemble:
    input:
        architectures=lambda w: POPULATIONS[w.population].file,
        members=lambda w: [
            POPULATIONS[w.population].scores(member)
            for member in CONFIG.ensembles[w.ensemble].members
        ],
    output:
        scores="<results>/scores/{population}/{ensemble}.parquet",
    log:
        "<logs>/score_with_ensemble/{population}/{ensemble}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        over_seeds=lambda w: CONFIG.ensembles[w.ensemble].over_seeds,
        weights=lambda w: list(CONFIG.ensembles[w.ensemble].members.values()),
        code=code("score_with_ensemble"),
    script:
        "../workflow/scripts/score_with_ensemble.py"


# One job for all methods of a population: what was measured before of the same scores is kept.
rule measure_ranking:
    input:
        architectures=lambda w: POPULATIONS[w.population].file,
        benchmark=lambda w: POPULATIONS[w.population].table,
        scores=lambda w: scores_of_population(w.population),
    output:
        measures=update("<results>/measures/{population}.csv"),
        resampled=update("<results>/measures/{population}_resampled.parquet"),
    log:
        "<logs>/measure_ranking/{population}.log",
    benchmark:
        "<benchmarks>/measure_ranking/{population}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 2
    params:
        ranking=lambda w: CONFIG.ranking.of(POPULATIONS[w.population].labels),
        code=code("measure_ranking"),
    script:
        "../workflow/scripts/measure_ranking.py"


rule time_setup:
    input:
        embeddings=lambda w: vectors_of(CONFIG.predictors[w.predictor]),
        model=lambda w: MODEL_FILES.get(embedding_of(w.predictor)["model"], []),
        epochs="<results>/predictors/{predictor}/seed0/epochs.safetensors",
        history="<results>/predictors/{predictor}/seed0/history.csv",
    output:
        setup="<results>/measures/setup/{predictor}.csv",
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
