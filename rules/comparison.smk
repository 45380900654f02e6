# What the scores of samples say: `make proxies`. About 2 hours on 2 cores, so no part of `all`.


rule proxies:
    input:
        [f"<results>/tables/{table}.md" for table in PROXY_TABLES],
        [f"<results>/figures/{figure}.png" for figure in PROXY_FIGURES],


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


rule tabulate_proxies:
    input:
        measures=[f"<results>/proxies/measures/{name}.csv" for name in COMPARED],
        reported="config/reported.csv",
    output:
        table=report("<results>/tables/proxies.csv", **captioned("proxies", "Tables")),
        markdown="<results>/tables/proxies.md",
    log:
        "<logs>/tabulate_proxies.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        titles=METHOD_TITLES,
        samples={
            name: {key: SAMPLES[name][key] for key in ("benchmark", "inputs")}
            for name in COMPARED
        },
        settings={
            key: config["proxies"][key] for key in ("seed", "batch", "initialisation")
        },
        ranking={k: config["ranking"][k] for k in ("top_share", "level", "resamples")},
        code=lambda w: digest("tabulate_proxies", *cards()),
    script:
        "../workflow/scripts/tabulate_proxies.py"


rule tabulate_proxies_stored:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        sample="<results>/proxies/samples/nasbench201.parquet",
        scores=lambda w: scores_of_sample("nasbench201"),
        sources=lambda w: sorted(
            {f"<resources>/{row.file}" for row in stored_columns()}
        ),
    output:
        table=report(
            "<results>/tables/proxies_stored.csv",
            **captioned("proxies_stored", "Tables"),
        ),
        markdown="<results>/tables/proxies_stored.md",
    log:
        "<logs>/tabulate_proxies_stored.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking=ranking_of_sample("nasbench201"),
        code=code("tabulate_proxies_stored"),
    script:
        "../workflow/scripts/tabulate_proxies_stored.py"


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


rule tabulate_speed:
    input:
        summary="<results>/tables/proxies.csv",
        timed=lambda w: scores_of_sample(TIMED_SAMPLE),
        setups=[f"<results>/proxies/setup/{name}.csv" for name in TIMED],
        reported="config/reported.csv",
    output:
        table=report("<results>/tables/speed.csv", **captioned("speed", "Tables")),
        markdown="<results>/tables/speed.md",
    log:
        "<logs>/tabulate_speed.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        benchmark="nasbench201",
        reference=SEARCH["predictor"],
        queries=SEARCH["budget"],
        code=code("tabulate_speed"),
    script:
        "../workflow/scripts/tabulate_speed.py"


rule draw_cost:
    input:
        table="<results>/tables/proxies.csv",
        speed="<results>/tables/speed.csv",
    output:
        png=report("<results>/figures/cost.png", **captioned("cost", "Figures")),
        pdf="<results>/figures/cost.pdf",
    log:
        "<logs>/draw_cost.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        benchmark="nasbench201",
        dataset="cifar10",
        code=code("draw_cost"),
    script:
        "../workflow/scripts/draw_cost.py"


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


rule draw_independence:
    input:
        measures="<results>/proxies/measures/independence.csv",
    output:
        png=report(
            "<results>/figures/independence.png",
            **captioned("independence", "Figures"),
        ),
        pdf="<results>/figures/independence.pdf",
    log:
        "<logs>/draw_independence.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        titles=METHOD_TITLES,
        code=lambda w: digest("draw_independence", *cards()),
    script:
        "../workflow/scripts/draw_independence.py"
