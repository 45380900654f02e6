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


rule tabulate_ablations:
    input:
        measures=[
            f"<results>/ablations/{base}/{axis}/{value}.csv"
            for base, axis, value in ABLATIONS
        ],
    output:
        table=report(
            "<results>/tables/ablations.csv", **captioned("ablations", "Tables")
        ),
        markdown="<results>/tables/ablations.md",
    log:
        "<logs>/tabulate_ablations.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        budget=config["ablations"],
        titles={method.name: method.title for method in METHODS.values()},
        code=code("tabulate_ablations"),
    script:
        "../workflow/scripts/tabulate_ablations.py"


rule draw_ablations:
    input:
        table="<results>/tables/ablations.csv",
    output:
        png=report(
            "<results>/figures/ablations.png",
            **captioned("ablations_figure", "Figures"),
        ),
        pdf="<results>/figures/ablations.pdf",
    log:
        "<logs>/draw_ablations.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        dataset=LABELS["datasets"][0],
        titles={method.name: method.title for method in METHODS.values()},
        code=code("draw_ablations"),
    script:
        "../workflow/scripts/draw_ablations.py"
