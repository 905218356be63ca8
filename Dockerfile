# lsp-assembler as an image: `docker run cyberdojo/lsp-assembler:0.2.0 build …`. It is also a base for start-points images
# (`base: cyberdojo/lsp-assembler:0.2.0` in images.yml), which then serve themselves.
#
#   docker build --tag cyberdojo/lsp-assembler:0.2.0 .
#
# Without a network: name a base with git and tini in PYTHON, and beforehand, with the same version of Python, fill wheels/:
#
#   pip wheel --wheel-dir wheels '.[serve]' 'hatchling>=1.27'
#   docker build --build-arg PYTHON=acme/python-git-tini:1 --build-arg PIP_NO_INDEX=1 --tag …

ARG PYTHON=python:3.13-slim-bookworm

FROM $PYTHON AS build
ARG PIP_NO_INDEX
COPY pyproject.toml README.md LICENSE wheels* /source/
COPY lsp_assembler /source/lsp_assembler
RUN python3 -m venv /opt/lsp-assembler \
 && /opt/lsp-assembler/bin/pip install --no-cache-dir --find-links /source "/source[serve]"

FROM $PYTHON
# git says which commit an image is made of. tini is the first process of a container, and as a program that needs no
# library it is also what Kubernetes runs in a language image in order to pull it.
RUN { git --version && tini-static --version; } > /dev/null 2>&1 \
 || { apt-get update && apt-get install --yes --no-install-recommends git tini && rm -rf /var/lib/apt/lists/*; } \
 && cp /usr/bin/tini-static /sbin/tini
COPY --from=build /opt/lsp-assembler /opt/lsp-assembler
COPY deploy/image /app

ENV PATH="/opt/lsp-assembler/bin:$PATH" \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
USER 19663:19663

# Whether it lives, never whether it is ready: Swarm and others replace what is unhealthy, and a pull takes its time.
HEALTHCHECK --interval=30s --timeout=5s --start-period=1m CMD [ "python3", "-I", "/app/alive.py" ]
ENTRYPOINT [ "lsp-assembler" ]
