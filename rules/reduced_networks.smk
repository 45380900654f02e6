# Proxies on a small network of every live pattern of NAS-Bench-201, for searches with them.


# The shards and what joins them are those of a sample (harness.smk).
ruleorder: list_patterns > draw_sample


rule list_patterns:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
    output:
        sample=f"<results>/proxies/samples/{PATTERNS}.parquet",
    log:
        "<logs>/list_patterns.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        space=SAMPLES[PATTERNS]["space"],
        code=code("list_patterns", f"tgnas.spaces.{SAMPLES[PATTERNS]['space']}"),
    script:
        "../workflow/scripts/list_patterns.py"


rule spread_over_patterns:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        scored=f"<results>/proxies/scores/{PATTERNS}/{{network_proxy}}.parquet",
    output:
        scores=f"<results>/scores/nasbench201/{{network_proxy}}{REDUCED}.parquet",
    log:
        f"<logs>/spread_over_patterns/{{network_proxy}}{REDUCED}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        space=SAMPLES[PATTERNS]["space"],
        code=code("spread_over_patterns", f"tgnas.spaces.{SAMPLES[PATTERNS]['space']}"),
    script:
        "../workflow/scripts/spread_over_patterns.py"
