# The embedded default: the chain on digits-bench, which comes with the package. Read only where a
# config has the section `demo` (config/demo.yaml).

DEMO = config["demo"]


rule draw_correlations_of_target:
    input:
        table="<results>/tables/{target}.csv",
    output:
        png=report(
            "<results>/figures/correlations_{target}.png",
            **captioned("correlations_of_target", "Figures"),
        ),
        pdf="<results>/figures/correlations_{target}.pdf",
    log:
        "<logs>/draw_correlations_of_target/{target}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        families=lambda w: {m.name: m.family for m in SHEETS[w.target].values()},
        ranking=lambda w: ranking_of(w.target),
        code=code("draw_rank_correlations"),
    script:
        "../workflow/scripts/draw_rank_correlations.py"


rule draw_predictions_of_target:
    input:
        benchmark="<benchmark_tables>/{target}.arrow",
        scores=f"<results>/scores/{{target}}/{DEMO['drawn']}.parquet",
        measures=f"<results>/measures/{{target}}/{DEMO['drawn']}.csv",
    output:
        png=report(
            "<results>/figures/predictions_{target}.png",
            **captioned("predictions_of_target", "Figures"),
        ),
        pdf="<results>/figures/predictions_{target}.pdf",
    log:
        "<logs>/draw_predictions_of_target/{target}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        seed=0,
        ranking=lambda w: ranking_of(w.target),
        code=code("draw_predictions"),
    script:
        "../workflow/scripts/draw_predictions.py"


# No accuracy is read: the predictor alone decides, over all 15,625 architectures.
rule choose_for_digits:
    input:
        runs=f"<results>/searches/nasbench201/{DEMO['predictor']}/{DEMO['searcher']}.parquet",
    output:
        best="<results>/digits/best.json",
    log:
        "<logs>/choose_for_digits.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        seed=0,
        code=code("choose_architecture"),
    script:
        "../workflow/scripts/choose_architecture.py"


rule tabulate_digits_search:
    input:
        benchmark="<benchmark_tables>/digits201.arrow",
        result="<results>/digits/result.json",
    output:
        table=report(
            "<results>/tables/digits_search.csv",
            **captioned("digits_search", "Tables"),
        ),
        markdown="<results>/tables/digits_search.md",
    log:
        "<logs>/tabulate_digits_search.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking=lambda w: ranking_of("digits201"),
        code=code("tabulate_digits_search"),
    script:
        "../workflow/scripts/tabulate_digits_search.py"


rule draw_digits_search:
    input:
        benchmark="<benchmark_tables>/digits201.arrow",
        history="<results>/digits/history.csv",
        table="<results>/tables/digits_search.csv",
    output:
        png=report(
            "<results>/figures/digits_search.png",
            **captioned("digits_search_figure", "Figures"),
        ),
        pdf="<results>/figures/digits_search.pdf",
    log:
        "<logs>/draw_digits_search.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking=lambda w: ranking_of("digits201"),
        code=code("draw_digits_search"),
    script:
        "../workflow/scripts/draw_digits_search.py"
