"""Assembles cyber-dojo start-point images from tiny :LSP images."""

__version__ = "0.1.0"
