"""images.lock: what was assembled, by digest. Reading it, writing it, comparing it with today."""

FILENAME = "images.lock"
REGENERATE = "Run 'lsp-assembler lock', and commit the file that it writes."
