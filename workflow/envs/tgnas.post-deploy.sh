#!/usr/bin/env bash
# Snakemake runs this in the environment that it made of tgnas.yaml, from the project's folder.
set -euo pipefail
python -m pip install --no-deps --editable .
