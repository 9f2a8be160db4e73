# The pipeline with the locked packages, for a checkout that is mounted at /work:
#   docker build --file deploy/pipeline.Dockerfile --tag flight-delay-pipeline .
#   docker run --rm --read-only --tmpfs /tmp --user "$(id -u):$(id -g)" --volume "$PWD:/work" flight-delay-pipeline
# `docker buildx imagetools inspect python:3.13-slim-trixie` shows the present digest. NCCL, 470 MB, is for several GPUs.
FROM python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285 AS build
WORKDIR /app
COPY requirements-image.txt ./
RUN mkdir -p /usr/share/sbom && python -m venv /sbom \
    && /sbom/bin/pip install --no-cache-dir --require-hashes --requirement requirements-image.txt
COPY requirements-build.txt requirements.txt ./
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --require-hashes \
        --requirement requirements-build.txt \
    && python -m pip --python /venv/bin/python install --no-cache-dir --require-hashes --no-build-isolation \
        --requirement requirements.txt \
    && python -m pip --python /venv/bin/python uninstall --yes hatchling setuptools nvidia-nccl-cu12
RUN /sbom/bin/cyclonedx-py environment --output-reproducible --output-file /usr/share/sbom/flight-delay.cdx.json \
        /venv/bin/python

FROM python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285
# DVC calls git, XGBoost loads libgomp1; a stable Debian has one version of both.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends git libgomp1 && rm -rf /var/lib/apt/lists/* \
    && python -m pip uninstall --yes pip
COPY --from=build /venv /venv
COPY --from=build /usr/share/sbom /usr/share/sbom
# Only /tmp and /work can be written to. The user may have no name here, and the checkout may be another user's.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp LOGNAME=pipeline DVC_NO_ANALYTICS=1 DVC_SITE_CACHE_DIR=/tmp/dvc \
    GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=/work
USER 10001
WORKDIR /work
ENTRYPOINT ["dvc"]
CMD ["repro"]
