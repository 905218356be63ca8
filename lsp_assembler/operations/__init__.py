"""Every command as a function: a frozen request in, a frozen result out. The Python API.

Here rooms are put together: a plan is read, a store opened, start points judged, an image built. Nothing
here parses options, prints, ends the process, or reads an environment variable that the request does not
hand over.
"""
