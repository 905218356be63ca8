"""The command line: one module for each command, wiring only. Nothing else prints or exits."""
