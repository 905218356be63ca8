#!/bin/sh
# Serves what the image was built with. Further options may follow: ./up.sh --prepull docker
exec lsp-assembler serve /app/repos "$@"
