"""An LTF checkout: its files, what git knows of them, and the LSP image that they make.

Everything that reads a checkout or asks git is here. No registry is asked, and no manifest judged.
"""
