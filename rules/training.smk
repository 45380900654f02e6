# The found architecture, really trained.


rule train_architecture:
    input:
        found="<results>/searches/nasbench201/found.json",
        images=lambda w: image_file(),
    output:
        history="<results>/final_training/history.csv",
        result="<results>/final_training/result.json",
    log:
        "<logs>/train_architecture.log",
    benchmark:
        "<benchmarks>/train_architecture.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 2
    params:
        seed=config["final_training"]["seed"],
        settings={
            k: v
            for k, v in config["final_training"].items()
            if k not in ("images", "seed")
        },
        code=code("train_architecture"),
    script:
        "../workflow/scripts/train_architecture.py"


rule tabulate_final_training:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        result="<results>/final_training/result.json",
    output:
        table=report(
            "<results>/tables/final_training.csv",
            **captioned("final_training", "Tables"),
        ),
        markdown="<results>/tables/final_training.md",
    log:
        "<logs>/tabulate_final_training.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking={k: LABELS[k] for k in ("split", "epochs")},
        code=code("tabulate_final_training"),
    script:
        "../workflow/scripts/tabulate_final_training.py"
