"""Every command as a function: a frozen request in, a frozen result out.

This is the Python API, and all that the command line, the service and the tests need. Nothing here parses
options, prints, or ends the process.
"""
