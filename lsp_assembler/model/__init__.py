"""The values that flow through the tool: names, trees, manifests, findings, results.

All are frozen and safe to share between threads. Nothing in this room reads a file, an environment variable
or the network, and it knows no other room.
"""
