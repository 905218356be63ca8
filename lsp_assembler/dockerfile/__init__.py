"""Dockerfile.template, and what it means without a Docker Engine.

`parse` splits a rendered template into instructions and refuses those that only an engine can follow; `apply`
changes the configuration of the base image as they say, with the same result as Docker's classic builder.
"""

from lsp_assembler.dockerfile.configuration import apply
from lsp_assembler.dockerfile.instruction import Instruction
from lsp_assembler.dockerfile.parser import parse
from lsp_assembler.dockerfile.words import NEEDS_ENGINE

__all__ = ["NEEDS_ENGINE", "Instruction", "apply", "parse"]
