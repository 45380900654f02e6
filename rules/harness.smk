# Every proxy on the networks of a sample: one job for each benchmark, proxy and shard.


rule draw_sample:
    input:
        benchmark=table_of_sample,
    output:
        sample="<results>/proxies/samples/{sampled}.parquet",
    log:
        "<logs>/draw_sample/{sampled}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        space=lambda w: SAMPLES[w.sampled]["space"],
        architectures=lambda w: SAMPLES[w.sampled]["architectures"],
        seed=config["proxies"]["seed"],
        code=lambda w: digest("draw_sample", space_module(w)),
    script:
        "../workflow/scripts/draw_sample.py"


rule draw_batch:
    input:
        images=lambda w: config["proxies"]["inputs"].get(w.inputs) or image_file(),
    output:
        batch="<results>/proxies/batches/{inputs}.safetensors",
    log:
        "<logs>/draw_batch/{inputs}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        drawn=config["proxies"]["images"],
        settings={key: config["proxies"][key] for key in ("seed", "batch")},
        code=code("draw_batch"),
    script:
        "../workflow/scripts/draw_batch.py"


rule score_shard:
    input:
        sample="<results>/proxies/samples/{sampled}.parquet",
        batch=lambda w: f"<results>/proxies/batches/{SAMPLES[w.sampled]['inputs']}.safetensors",
    output:
        scored="<results>/proxies/shards/{sampled}/{network_proxy}/{shard}.parquet",
    log:
        "<logs>/score_shard/{sampled}/{network_proxy}/{shard}.log",
    benchmark:
        "<benchmarks>/score_shard/{sampled}/{network_proxy}/{shard}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        space=lambda w: SAMPLES[w.sampled]["space"],
        shards=lambda w: SAMPLES[w.sampled]["shards"],
        settings=lambda w: network_settings(w.sampled),
        classes=lambda w: dataset_facts(SAMPLES[w.sampled]["inputs"]).classes,
        networks=networks_of,
        code=lambda w: network_proxy_digest("score_shard", w),
    script:
        "../workflow/scripts/score_shard.py"


rule join_shards:
    input:
        sample="<results>/proxies/samples/{sampled}.parquet",
        shards=lambda w: [
            f"<results>/proxies/shards/{w.sampled}/{w.network_proxy}/{shard}.parquet"
            for shard in range(SAMPLES[w.sampled]["shards"])
        ],
    output:
        scores="<results>/proxies/scores/{sampled}/{network_proxy}.parquet",
    log:
        "<logs>/join_shards/{sampled}/{network_proxy}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=lambda w: network_proxy_digest("join_shards", w),
    script:
        "../workflow/scripts/join_shards.py"


rule score_sample_with_baseline:
    input:
        sample="<results>/proxies/samples/{sampled}.parquet",
    output:
        scores="<results>/proxies/scores/{sampled}/{baseline}.parquet",
    log:
        "<logs>/score_sample_with_baseline/{sampled}/{baseline}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        space=lambda w: SAMPLES[w.sampled]["space"],
        dataset="cifar10",
        seed=config["proxies"]["seed"],
        code=lambda w: baseline_digest("score_sample_with_baseline", w),
    script:
        "../workflow/scripts/score_sample_with_baseline.py"


rule score_sample_with_predictor:
    input:
        sample="<results>/proxies/samples/{sampled}.parquet",
        embeddings=lambda w: vectors_of(PREDICTOR_ROWS[w.predictor]),
        epochs=of_every_seed("epochs.safetensors"),
    output:
        scores="<results>/proxies/scores/{sampled}/{predictor}.parquet",
    log:
        "<logs>/score_sample_with_predictor/{sampled}/{predictor}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        space=lambda w: SAMPLES[w.sampled]["space"],
        code=lambda w: predictor_digest(
            "score_sample_with_predictor", w.predictor, space_module(w)
        ),
    script:
        "../workflow/scripts/score_sample_with_predictor.py"


rule combine_on_sample:
    input:
        members=lambda w: [
            f"<results>/proxies/scores/{w.sampled}/{member}.parquet"
            for member in config["ensembles"][w.ensemble]["members"]
        ],
    output:
        scores="<results>/proxies/scores/{sampled}/{ensemble}.parquet",
    log:
        "<logs>/combine_on_sample/{sampled}/{ensemble}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        over_seeds=lambda w: config["ensembles"][w.ensemble]["over_seeds"],
        weights=lambda w: list(config["ensembles"][w.ensemble]["members"].values()),
        code=code("combine_on_sample"),
    script:
        "../workflow/scripts/combine_on_sample.py"
