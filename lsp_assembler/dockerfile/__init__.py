"""Dockerfile.template without a Docker Engine: what it says is read, and done to the base's configuration.

`parse` takes a rendered template apart and refuses what only an engine can do; `apply` does the rest to
the configuration of the base image, with the same result as Docker's classic builder.
"""

from lsp_assembler.dockerfile.configuration import apply
from lsp_assembler.dockerfile.instruction import Instruction
from lsp_assembler.dockerfile.parser import parse

__all__ = ["Instruction", "apply", "parse"]
