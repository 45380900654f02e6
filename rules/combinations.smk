# Methods that combine others' scores.


rule score_with_combination:
    input:
        benchmark="<benchmark_tables>/{target}.arrow",
        members=lambda w: [
            f"<results>/scores/{w.target}/{member}.parquet"
            for member in config["combinations"][w.combination]["members"]
        ],
    output:
        scores="<results>/scores/{target}/{combination}.parquet",
    log:
        "<logs>/score_with_combination/{target}/{combination}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        over_seeds=lambda w: config["combinations"][w.combination]["over_seeds"],
        weights=lambda w: list(
            config["combinations"][w.combination]["members"].values()
        ),
        code=code("score_with_combination"),
    script:
        "../workflow/scripts/score_with_combination.py"
