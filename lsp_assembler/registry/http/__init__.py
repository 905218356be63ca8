"""HTTP over libcurl: one thread, few connections, proxies, certificates; secrets stay with their host.

`transport.Transport` is the way in. Nothing here knows of images, tokens or logins, or reads the environment
behind its caller.
"""
