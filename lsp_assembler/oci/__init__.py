"""Images as bytes: documents, layers, tar and gzip, read from strangers and written the same everywhere.

Turns a stranger's bytes into values, under limits, and values into bytes. Opens no connection and no file: a
`ContentStore` supplies documents and blobs.
"""
