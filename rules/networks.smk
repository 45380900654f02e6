# Architectures, really trained: what searches found, and digits-bench; supernets. Full recipes need
# a GPU and are no part of `all`: `train_nasbench201`, `train_darts`. Neither is digits-bench
# (`make digits-bench`), whose table comes with the package.
FINAL, DIGITS = CONFIG.final_training, CONFIG.digits_bench
# Tables of trainings on digits that come with the package.
DIGITS_TABLES = {
    "digits_bench": CONFIG.digits_bench,
    "digits_long": CONFIG.digits_long,
}


rule train_nasbench201:
    input:
        "<results>/figures/final_training_curves_nasbench201.png",


rule train_darts:
    input:
        "<results>/figures/final_training_curves_darts.png",


rule train_architecture:
    input:
        best=lambda w: f"<results>/searches/{CONFIG.recipes[w.training].space}/best.json",
        recipe=lambda w: FINAL.trainings[w.training].recipe,
        images=lambda w: image_file(),
    output:
        history="<results>/final_training/{training}/history.csv",
        result="<results>/final_training/{training}/result.json",
    log:
        "<logs>/train_architecture/{training}.log",
    benchmark:
        "<benchmarks>/train_architecture/{training}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 2
    params:
        seeds=[FINAL.seed],
        change=lambda w: FINAL.trainings[w.training].change,
        step=FINAL.step,
        code=code("train_architecture"),
    script:
        "../workflow/scripts/train_architecture.py"


# The find of the demo's search, by the recipe and with the seeds of digits-bench.
use rule train_architecture as train_on_digits with:
    input:
        best="<results>/digits/best.json",
        recipe=DIGITS.recipe,
        images=[],
    output:
        history="<results>/digits/history.csv",
        result="<results>/digits/result.json",
    log:
        "<logs>/train_on_digits.log",
    benchmark:
        "<benchmarks>/train_on_digits.tsv"
    threads: 1
    params:
        seeds=list(range(DIGITS.seeds)),
        change=DIGITS.change,
        step="eager",
        code=code("train_architecture"),


rule digits_bench:
    input:
        "<data>/digits_bench.parquet",
        "<data>/digits_bench.json",


rule digits_long:
    input:
        "<data>/digits_long.parquet",
        "<data>/digits_long.json",


# A job is short, so that little is lost when the making is interrupted.
rule train_digits_shard:
    input:
        recipe=lambda w: DIGITS_TABLES[w.digits_table].recipe,
    output:
        trained="<results>/{digits_table}/{shard}.parquet",
    log:
        "<logs>/train_digits_shard/{digits_table}/{shard}.log",
    benchmark:
        "<benchmarks>/train_digits_shard/{digits_table}/{shard}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        shards=lambda w: DIGITS_TABLES[w.digits_table].shards,
        sizes=lambda w: DIGITS_TABLES[w.digits_table].sizes,
        seeds=lambda w: DIGITS_TABLES[w.digits_table].seeds,
        change=lambda w: DIGITS_TABLES[w.digits_table].change,
        code=code("train_digits_shard"),
    script:
        "../workflow/scripts/train_digits_shard.py"


rule join_digits_shards:
    input:
        recipe=lambda w: DIGITS_TABLES[w.digits_table].recipe,
        shards=lambda w: [
            f"<results>/{w.digits_table}/{shard}.parquet"
            for shard in range(DIGITS_TABLES[w.digits_table].shards)
        ],
    output:
        table="<data>/{digits_table}.parquet",
        card="<data>/{digits_table}.json",
    log:
        "<logs>/join_digits_shards/{digits_table}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        maker="digits_bench",
        title=lambda w: DIGITS_TABLES[w.digits_table].title,
        sizes=lambda w: DIGITS_TABLES[w.digits_table].sizes,
        change=lambda w: DIGITS_TABLES[w.digits_table].change,
        code=code("join_digits_shards", "tgnas.image_training.digits_bench"),
    script:
        "../workflow/scripts/join_digits_shards.py"


# The same of what a study trains: blocks-bench, no part of `all` either.
use rule join_digits_shards as blocks_bench with:
    input:
        recipe=CONFIG.study("blocks_bench").recipe,
        shards=CONFIG.study_files("blocks_bench"),
    output:
        table="<data>/blocks_bench.parquet",
        card="<data>/blocks_bench.json",
    log:
        "<logs>/blocks_bench.log",
    params:
        maker="blocks_bench",
        title=(
            "blocks-bench: sequences of blocks, trained on CIFAR-10 at 16 pixels"
            + (
                ", its JPEG copy of quality 75 (lossy: 3 to 4 points less at full training)"
                if image_file().endswith(".parquet")
                else ""
            )
        ),
        sizes=CONFIG.study("blocks_bench").sizes,
        change=CONFIG.study("blocks_bench").change,
        code=code("join_digits_shards", "tgnas.image_training.blocks_bench"),


# One job for all seeds of a method: what costs is its training, which resumes.
rule train_supernet:
    input:
        architectures=POPULATIONS[SUPERNET_POPULATION].file,
        recipe=CONFIG.supernets.recipe,
        images=lambda w: (
            [] if CONFIG.recipes["supernets"].dataset == "digits" else image_file()
        ),
    output:
        scores=f"<results>/scores/{SUPERNET_POPULATION}/{{supernet}}.parquet",
        history="<results>/supernets/{supernet}/history.csv",
        derived="<results>/supernets/{supernet}/derived.json",
    log:
        "<logs>/train_supernet/{supernet}.log",
    benchmark:
        "<benchmarks>/train_supernet/{supernet}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        change=CONFIG.supernets.change,
        settings=lambda w: CONFIG.supernet_settings[w.supernet],
        seeds=CONFIG.supernets.seeds,
        method=lambda w: CONFIG.supernet_methods[w.supernet],
        prior=CONFIG.supernets.prior,
        weights=lambda w: weights_digest(CONFIG.supernets.prior),
        code=lambda w: digest(
            "train_supernet",
            SUPERNETS.module_name(CONFIG.supernet_methods[w.supernet]),
        ),
    script:
        "../workflow/scripts/train_supernet.py"
