"""The values that flow through the tool: references, trees, start points, findings, images, results.

All are frozen and safe to share between threads. They know no other room and read nothing by themselves.
"""
