# The found architectures, really trained; what short trainings are worth; what JPEGs cost.
# Full recipes need a GPU and are no part of `all`: `train_nasbench201`, `train_darts`.
FINAL = config["final_training"]
TRAININGS, SPREAD, COPIES = FINAL["trainings"], FINAL["spread"], FINAL["copies"]
SPREAD_PLACES = range(SPREAD["architectures"])
MOSAICS = [f"<resources>/cifar10/first_{part}.png" for part in range(4)]


rule train_nasbench201:
    input:
        "<results>/final_training/nasbench201/curves.png",


rule train_darts:
    input:
        "<results>/final_training/darts/curves.png",


rule train_architecture:
    input:
        found=lambda w: f"<results>/searches/{RECIPES[w.training].space}/found.json",
        recipe=lambda w: TRAININGS[w.training]["recipe"],
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
        seed=FINAL["seed"],
        change=lambda w: TRAININGS[w.training]["change"],
        code=code("train_architecture"),
    script:
        "../workflow/scripts/train_architecture.py"


rule choose_spread:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
    output:
        found=expand("<results>/trainings/{place}/found.json", place=SPREAD_PLACES),
    log:
        "<logs>/choose_spread.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking={k: LABELS[k] for k in ("split", "epochs")},
        code=code("choose_spread"),
    script:
        "../workflow/scripts/choose_spread.py"


use rule train_architecture as train_spread with:
    input:
        found="<results>/trainings/{place}/found.json",
        recipe=SPREAD["recipe"],
        images=lambda w: image_file(),
    output:
        history="<results>/trainings/{place}/history.csv",
        result="<results>/trainings/{place}/result.json",
    log:
        "<logs>/train_spread/{place}.log",
    benchmark:
        "<benchmarks>/train_spread/{place}.tsv"
    threads: 1
    params:
        seed=FINAL["seed"],
        change=SPREAD["change"],
        code=code("train_architecture"),


rule match_copies:
    input:
        mosaics=MOSAICS,
        images=lambda w: image_file(),
    output:
        copies="<results>/trainings/copies.safetensors",
    log:
        "<logs>/match_copies.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("match_copies"),
    script:
        "../workflow/scripts/match_copies.py"


rule train_on_copies:
    input:
        copies="<results>/trainings/copies.safetensors",
        recipe=COPIES["recipe"],
    output:
        result="<results>/trainings/copies/{cell}/seed{seed}.json",
    log:
        "<logs>/train_on_copies/{cell}/seed{seed}.log",
    benchmark:
        "<benchmarks>/train_on_copies/{cell}/seed{seed}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        architecture=lambda w: COPIES["cells"][w.cell],
        test_images=COPIES["test_images"],
        change=COPIES["change"],
        code=code("train_on_copies"),
    script:
        "../workflow/scripts/train_on_copies.py"
