# The command, the workflow and the pinned packages. `docker run --rm -i tgnas --help`
FROM python:3.11-slim-bookworm

# git is what Snakemake and provenance.json ask; libgomp is what torch and scikit-learn thread with.
# The distribution's own security updates are wanted, so these are not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git libgomp1 \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 tgnas
WORKDIR /home/tgnas/tgnas
ENV PATH=/home/tgnas/venv/bin:$PATH \
    DGLBACKEND=pytorch \
    OMP_WAIT_POLICY=PASSIVE \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

# Packages change less often than code: they are a layer of their own.
COPY --chown=tgnas constraints.txt pyproject.toml README.md LICENSE ./
COPY --chown=tgnas src/tgnas/__init__.py src/tgnas/
RUN chown tgnas . src src/tgnas
USER 1000
RUN python -m venv /home/tgnas/venv \
    && pip install -c constraints.txt '.[workflow]' \
    && pip uninstall --yes tgnas \
    && rm -rf build src/tgnas.egg-info

COPY --chown=tgnas . .
RUN pip install --no-deps --editable . \
    && tgnas --version \
    && snakemake --version

ENTRYPOINT ["tgnas"]
CMD ["--help"]
