"""An LTF checkout: its files, what git knows of it, and the LSP image that it makes.

Everything that asks git or reads a checkout is here. Nothing here asks a registry or judges a manifest.
"""
