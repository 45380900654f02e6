# digits-bench, our own small benchmark: `make digits-bench`. No part of `all`: the table that it
# makes comes with the package.

DIGITS = config["digits_bench"]
DIGITS_MODULES = [
    f"tgnas.{kind}.{space}"
    for kind in ("spaces", "networks")
    for space in ("nasbench101", "nasbench201")
]


rule digits_bench:
    input:
        "<data>/digits_bench.parquet",
        "<data>/digits_bench.json",


rule list_digits_architectures:
    output:
        listed="<results>/digits_bench/architectures.parquet",
    log:
        "<logs>/list_digits_architectures.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        sizes=DIGITS["architectures"],
        code=code("list_digits_architectures", *DIGITS_MODULES[:2]),
    script:
        "../workflow/scripts/list_digits_architectures.py"


# A job is short, so that little is lost when the making is interrupted.
rule train_digits_shard:
    input:
        listed="<results>/digits_bench/architectures.parquet",
    output:
        trained="<results>/digits_bench/shards/{shard}.parquet",
    log:
        "<logs>/train_digits_shard/{shard}.log",
    benchmark:
        "<benchmarks>/train_digits_shard/{shard}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        shards=DIGITS["shards"],
        seeds=DIGITS["seeds"],
        recipe=DIGITS["recipe"],
        code=code("train_digits_shard", *DIGITS_MODULES),
    script:
        "../workflow/scripts/train_digits_shard.py"


rule join_digits_shards:
    input:
        listed="<results>/digits_bench/architectures.parquet",
        shards=[
            f"<results>/digits_bench/shards/{shard}.parquet"
            for shard in range(DIGITS["shards"])
        ],
    output:
        table="<results>/digits_bench/table.parquet",
        card="<results>/digits_bench/card.json",
    log:
        "<logs>/join_digits_shards.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        sizes=DIGITS["architectures"],
        recipe=DIGITS["recipe"],
        code=code("join_digits_shards"),
    script:
        "../workflow/scripts/join_digits_shards.py"


rule ship_digits_bench:
    input:
        table="<results>/digits_bench/table.parquet",
        card="<results>/digits_bench/card.json",
    output:
        table="<data>/digits_bench.parquet",
        card="<data>/digits_bench.json",
    log:
        "<logs>/ship_digits_bench.log",
    shell:
        "cp {input.table} {output.table} 2> {log} && cp {input.card} {output.card} 2>> {log}"
