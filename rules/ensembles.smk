# Methods that combine others' scores.


rule score_with_ensemble:
    input:
        benchmark="<benchmark_tables>/{target}.arrow",
        members=lambda w: [
            f"<results>/scores/{w.target}/{member}.parquet"
            for member in config["ensembles"][w.ensemble]["members"]
        ],
    output:
        scores="<results>/scores/{target}/{ensemble}.parquet",
    log:
        "<logs>/score_with_ensemble/{target}/{ensemble}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        over_seeds=lambda w: config["ensembles"][w.ensemble]["over_seeds"],
        weights=lambda w: list(config["ensembles"][w.ensemble]["members"].values()),
        code=code("score_with_ensemble"),
    script:
        "../workflow/scripts/score_with_ensemble.py"
