# What is known about the architectures of a space, as one Arrow file; costs that others measured.


rule build_benchmark:
    input:
        sources=lambda w: [f"<resources>/{file}" for file in facts_of(w).sources],
    output:
        table="<benchmark_tables>/{benchmark}.arrow",
    log:
        "<logs>/build_benchmark/{benchmark}.log",
    benchmark:
        "<benchmarks>/build_benchmark/{benchmark}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: lambda w: facts_of(w).threads
    params:
        version=lambda w: facts_of(w).version,
        code=lambda w: digest("build_benchmark", BENCHMARKS.module_name(w.benchmark)),
    script:
        "../workflow/scripts/build_benchmark.py"


rule import_costs:
    input:
        measured="<resources>/nasbench201/hw_{dataset}.csv",
        benchmark="<benchmark_tables>/nasbench201.arrow",
    output:
        costs="<results>/costs/nasbench201/{dataset}.parquet",
    log:
        "<logs>/import_costs/{dataset}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("import_costs"),
    script:
        "../workflow/scripts/import_costs.py"


# All stored scores of a benchmark, and the accuracies that are searched as if they were scores, in
# one job: each is a moment's work.
for population, stored in STORED.items():
    labels = LABELLED if population == "nasbench201" else {}

    rule:
        name:
            f"import_scores_of_{population}"
        input:
            benchmark=f"<benchmark_tables>/{population}.arrow",
            sources=[f"<resources>/{file}" for file in files_of(population)],
        output:
            scores=expand(
                f"<results>/scores/{population}/{{name}}.parquet",
                name=[*stored, *labels],
            ),
        log:
            f"<logs>/import_scores/{population}.log",
        conda:
            "../workflow/envs/tgnas.yaml"
        params:
            labels=labels,
            code=code("import_scores"),
        script:
            "../workflow/scripts/import_scores.py"
