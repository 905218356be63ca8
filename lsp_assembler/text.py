"""JSON for people and programs to read: what reports and lock files are made of. Pure."""

import json


def json_text(document: object) -> str:
    r"""A document in indented JSON, with a line feed at its end.

    UTF-8 has no lone surrogates. They are spelled with a backslash, e.g. "\udc80", which is what JSON calls
    them, too.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
