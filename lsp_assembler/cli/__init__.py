"""The command line: options in, exit status out.

A command here parses its options into a request, calls the operation of its name, hands the result to a
report, and ends the process. Nothing else prints or exits. No decision about images is made here.
"""
