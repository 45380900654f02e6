# Methods that combine others' scores.


rule score_with_combination:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        members=lambda w: [
            f"<results>/scores/nasbench201/{member}.parquet"
            for member in config["combinations"][w.combination]["members"]
        ],
    output:
        scores="<results>/scores/nasbench201/{combination}.parquet",
    log:
        "<logs>/score_with_combination/{combination}.log",
    params:
        over_seeds=lambda w: config["combinations"][w.combination]["over_seeds"],
        code=code("score_with_combination"),
    script:
        "../workflow/scripts/score_with_combination.py"
