# Benchmarks as one Arrow file each.
from importlib import metadata


rule build_nasbench101:
    input:
        accuracies="<resources>/nasbench101/accuracies.pkl.gz",
        parameters="<resources>/nasbench101/params.pkl.gz",
    output:
        benchmark="<benchmark_tables>/nasbench101.arrow",
    log:
        "<logs>/build_nasbench101.log",
    benchmark:
        "<benchmarks>/build_nasbench101.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 2
    params:
        code=code("build_nasbench101"),
    script:
        "../workflow/scripts/build_nasbench101.py"


rule build_nasbench201:
    input:
        accuracies=nasbench201_files("freerea_{}_accuracies.csv"),
        parameters=nasbench201_files("freerea_{}_params.csv"),
        nasgraph=nasbench201_files("nasgraph_{}.csv"),
    output:
        benchmark="<benchmark_tables>/nasbench201.arrow",
    log:
        "<logs>/build_nasbench201.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("build_nasbench201"),
    script:
        "../workflow/scripts/build_nasbench201.py"


rule build_nasbench301:
    input:
        # Where both have a genotype the first file's values are kept.
        files=expand(
            "<resources>/nasbench301/naslib_{commit}.json",
            commit=["6639fd15", "22280f71"],
        ),
    output:
        benchmark="<benchmark_tables>/nasbench301.arrow",
    log:
        "<logs>/build_nasbench301.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("build_nasbench301"),
    script:
        "../workflow/scripts/build_nasbench301.py"


rule build_nasbench_macro:
    input:
        accuracies="<resources>/nasbench_macro/cifar10.json",
    output:
        benchmark="<benchmark_tables>/nasbench_macro.arrow",
    log:
        "<logs>/build_nasbench_macro.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("build_nasbench_macro"),
    script:
        "../workflow/scripts/build_nasbench_macro.py"


rule build_nasbench_graph:
    output:
        benchmark="<benchmark_tables>/nasbench_graph.arrow",
    log:
        "<logs>/build_nasbench_graph.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        # The data are the files of an installed package.
        version=lambda w: metadata.version("nas-bench-graph"),
        code=code("build_nasbench_graph"),
    script:
        "../workflow/scripts/build_nasbench_graph.py"
