"""What a request gets that cannot be answered: the original's errors, in its own words. Pure."""

import json

from lsp_assembler.service.answer import Answer

CLIENT, ARGUMENT = "ClientError", "ArgumentError"


class RequestError(Exception):
    """A request that cannot be answered.

    Args:
        status: of the answer, e.g. 400.
        name: Ruby's name for the kind of error, e.g. "ClientError".
        message: e.g. "json:malformed".
    """

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.message = message

    def answer(self, path: str, body: str) -> Answer:
        """What is sent: JSON for people.

        Args:
            path: of the request, without its leading slash.
            body: what the request carried.
        """
        fields = {"path": path, "body": body, "class": self.name, "message": self.message, "backtrace": []}
        text = json.dumps({"exception": fields}, indent=2, ensure_ascii=False)
        return Answer(text.encode("utf-8", "replace"), self.status)


def bug_words(bug: Exception) -> str:
    """What an operator is told of a bug, e.g. "a bug in lsp-assembler: ZeroDivisionError: 0"."""
    return f"a bug in lsp-assembler: {type(bug).__name__}: {bug}"


def malformed() -> RequestError:
    """An unknown path, or a body that is no object."""
    return RequestError(400, CLIENT, "json:malformed")


def argument(message: str) -> RequestError:
    """A missing or wrong argument, e.g. "name:missing"."""
    return RequestError(500, ARGUMENT, message)
