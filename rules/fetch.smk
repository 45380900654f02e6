# Benchmark files and images, each checked against its sha256.


rule fetch_resource:
    output:
        # A file that is already there and intact is kept, not fetched again.
        file=update("<resources>/{resource}"),
    log:
        "<logs>/fetch_resource/{resource}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        sheet="config/resources.tsv",
        row=lambda w: resource_row(w.resource),
        code=code("fetch_resource"),
    script:
        "../workflow/scripts/fetch_resource.py"
