# The prediction service with the locked packages; build with `--build-arg GIT_COMMIT=$(git rev-parse HEAD)`. It reads
# states from /app/service, which `flight-delay state` or `deploy` of the same commit writes.
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
COPY requirements-build.txt requirements.txt requirements-team.txt ./
RUN python -m venv /venv \
    && for file in requirements-build requirements requirements-team; do \
        /venv/bin/pip install --no-cache-dir --no-build-isolation --require-hashes --requirement $file.txt || exit 1; \
    done
COPY pyproject.toml README.md ./
COPY src src
RUN /venv/bin/pip install --no-cache-dir --no-build-isolation --no-deps .

FROM python:3.13-slim-bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /venv /venv
COPY requirements.txt params.yaml ./
COPY references references
ARG GIT_COMMIT=unknown
ENV FLIGHT_DELAY_COMMIT=$GIT_COMMIT PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --create-home predictions && mkdir service && chown predictions service
USER predictions
VOLUME /app/service
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["flight-delay"]
CMD ["serve", "--host", "0.0.0.0"]
