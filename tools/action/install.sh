#!/usr/bin/env bash
# Installs the checkout that the action runs from into a virtual environment of its own, once for each job.
# Later steps find lsp-assembler, and nothing else of that environment, on their PATH.
set -euo pipefail

venv="${RUNNER_TEMP}/lsp-assembler"
path="${venv}.path"
if [ ! -d "${path}" ]; then
  mkdir "${path}"
  ln -s "${venv}/bin/lsp-assembler" "${path}/lsp-assembler"
  echo "${path}" >> "${GITHUB_PATH}"
fi
marker="${venv}.installed-from"
if [ -f "${marker}" ] && [ "$(cat "${marker}")" = "${GITHUB_ACTION_PATH}" ]; then
  exit 0
fi
"${PYTHON}" -m venv --clear "${venv}"
"${venv}/bin/python" -m pip install --quiet --disable-pip-version-check "${GITHUB_ACTION_PATH}"
printf '%s' "${GITHUB_ACTION_PATH}" > "${marker}"
