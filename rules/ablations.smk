# The paper's ablations, on a budget that the table states; none of them chooses anything.

ABLATIONS = {key: row.flat() for key, row in CONFIG.ablated.items()}
unpacked = Path(folder("resources")) / "models" / MPNET.name / MPNET.weights
if not (unpacked.exists() or installed(MPNET)):
    without = [
        key
        for key, row in ABLATIONS.items()
        if config["embeddings"][row["embedding"]]["model"] == MPNET.name
    ]
    for key in without:
        del ABLATIONS[key]
    if without:
        logger.warning(
            f"{MPNET.name} is not at hand (`make mpnet`): {len(without)} ablations are left out"
        )


rule measure_ablation:
    input:
        source="<benchmark_tables>/nasbench101.arrow",
        target="<benchmark_tables>/nasbench201.arrow",
        embeddings=lambda w: vectors_of(ABLATIONS[w.base, w.axis, w.value]),
    output:
        measures="<results>/ablations/{base}/{axis}/{value}.csv",
    log:
        "<logs>/measure_ablation/{base}/{axis}/{value}.log",
    benchmark:
        "<benchmarks>/measure_ablation/{base}/{axis}/{value}.tsv"
    wildcard_constraints:
        base="|".join(sorted({base for base, _, _ in ABLATIONS})),
        axis="|".join(sorted({axis for _, axis, _ in ABLATIONS})),
        value="[a-z0-9_]+",
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: lambda w: ABLATIONS[w.base, w.axis, w.value]["threads"]
    params:
        settings=lambda w: ABLATIONS[w.base, w.axis, w.value],
        label=config["training"]["nasbench101"],
        ranking=LABELS,
        seeds=config["ablations"]["seeds"],
        code=lambda w: training_digest(
            "measure_ablation", ABLATIONS[w.base, w.axis, w.value]
        ),
    script:
        "../workflow/scripts/measure_ablation.py"
