# goldenami alone, for runners and schedulers: no compiler, no shell scripts, no root.
#   make wheel
#   docker build --build-arg WHEEL=goldenami-VERSION-py3-none-any.whl --build-arg SHA256=… .
# SHA256SUMS of a release has the hash. Give PYTHON by its digest where builds are to be the same.
ARG PYTHON=python:3.13-slim-trixie

# hadolint ignore=DL3006
FROM ${PYTHON} AS build
ARG WHEEL
ARG SHA256
COPY dist/${WHEEL} /wheels/
RUN echo "${SHA256}  /wheels/${WHEEL}" > /wheels/SHA256SUMS \
    && sha256sum --check --strict /wheels/SHA256SUMS \
    && python -m venv --without-pip /opt/goldenami \
    && pip --python /opt/goldenami/bin/python install --no-cache-dir --no-compile \
        --only-binary :all: "/wheels/${WHEEL}"

# hadolint ignore=DL3006
FROM ${PYTHON}
RUN useradd --uid 65532 --create-home --shell /usr/sbin/nologin goldenami
COPY --from=build /opt/goldenami /opt/goldenami
ENV PATH=/opt/goldenami/bin:$PATH PYTHONUNBUFFERED=1
USER 65532:65532
WORKDIR /home/goldenami
ENTRYPOINT ["goldenami"]
CMD ["--help"]
