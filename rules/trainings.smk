# Tables and figures of what was trained.


rule tabulate_final_training:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        result="<results>/final_training/short/result.json",
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


rule tabulate_short_trainings:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        best=expand("<results>/trainings/{place}/best.json", place=SPREAD_PLACES),
        results=expand("<results>/trainings/{place}/result.json", place=SPREAD_PLACES),
    output:
        table=report(
            "<results>/tables/short_trainings.csv",
            **captioned("short_trainings", "Tables"),
        ),
        markdown="<results>/tables/short_trainings.md",
    log:
        "<logs>/tabulate_short_trainings.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking={k: LABELS[k] for k in ("split", "epochs")},
        change=SPREAD["change"],
        code=code("tabulate_short_trainings"),
    script:
        "../workflow/scripts/tabulate_short_trainings.py"


rule tabulate_jpeg:
    input:
        results="<results>/trainings/copies.json",
    output:
        rows="<results>/tables/jpeg_trainings.csv",
        table=report("<results>/tables/jpeg.csv", **captioned("jpeg", "Tables")),
        markdown="<results>/tables/jpeg.md",
    log:
        "<logs>/tabulate_jpeg.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("tabulate_jpeg"),
    script:
        "../workflow/scripts/tabulate_jpeg.py"


rule draw_final_training:
    input:
        history="<results>/final_training/short/history.csv",
        table="<results>/tables/final_training.csv",
    output:
        png=report(
            "<results>/figures/final_training_curves.png",
            **captioned("final_training_curves", "Figures"),
        ),
        pdf="<results>/figures/final_training_curves.pdf",
    log:
        "<logs>/draw_final_training.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("draw_final_training"),
    script:
        "../workflow/scripts/draw_final_training.py"


rule draw_short_trainings:
    input:
        table="<results>/tables/short_trainings.csv",
    output:
        png=report(
            "<results>/figures/short_trainings.png",
            **captioned("short_trainings_figure", "Figures"),
        ),
        pdf="<results>/figures/short_trainings.pdf",
    log:
        "<logs>/draw_short_trainings.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("draw_short_trainings"),
    script:
        "../workflow/scripts/draw_short_trainings.py"


rule draw_recipe:
    input:
        history="<results>/final_training/{training}/history.csv",
        result="<results>/final_training/{training}/result.json",
    output:
        png="<results>/final_training/{training}/curves.png",
        pdf="<results>/final_training/{training}/curves.pdf",
    log:
        "<logs>/draw_recipe/{training}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("draw_recipe"),
    script:
        "../workflow/scripts/draw_recipe.py"
