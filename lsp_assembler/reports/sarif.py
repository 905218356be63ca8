"""What `audit` found, for programs that show findings of any tool: SARIF 2.1.0, as GitHub reads it.

Specification: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import hashlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from lsp_assembler import HOME, __version__
from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.model.policy import Violation
from lsp_assembler.operations.audit import Audited, AuditResult
from lsp_assembler.operations.mentions import Mention
from lsp_assembler.rules.policy import ALL_RULES, EXEMPTION_EXPIRED
from lsp_assembler.text import json_text, visible

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HELP = f"{HOME}/blob/main/docs/policy.md#rules"
_FINGERPRINT = "lspAssemblerFinding/v1"
_SEVERAL = (
    "image-denied",
    EXEMPTION_EXPIRED.id,
)  # of these an image may have several, told apart by the message
_POSITIONS = {rule.id: position for position, rule in enumerate(ALL_RULES)}


def render(result: AuditResult) -> str:
    """One log with one run: a result for each start point that names an image which breaks a rule.

    An image of which nothing is known is no result. It is a notification, and the run is no success.
    """
    results = [
        _result(audited, mention, violation)
        for audited in result.images
        for mention in audited.mentions
        for violation in audited.violations
    ]
    failures = [each.failure.message for each in result.images if each.failure]
    return _log(results, failures, result.exit_status)


def stopped(error: LspAssemblerError) -> str:
    """The log of a run that an error ended before there was a result."""
    return _log([], [str(error)], error.exit_status)


def _log(results: list[dict[str, Any]], failures: list[str], exit_status: int) -> str:
    notifications = [{"level": "error", "message": {"text": " ".join(each.split())}} for each in failures]
    # Findings are what the run is for: with them, it is a success all the same.
    invocation: dict[str, Any] = {"executionSuccessful": not failures, "exitCode": exit_status}
    if notifications:
        invocation["toolExecutionNotifications"] = notifications
    run = {
        "tool": {
            "driver": {
                "name": "lsp-assembler",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": HOME,
                "rules": [*_rules()],
            }
        },
        "automationDetails": {"id": "lsp-assembler/audit/"},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rules() -> Iterator[dict[str, Any]]:
    for rule in ALL_RULES:
        yield {
            "id": rule.id,
            "name": rule.id.title().replace("-", ""),
            "shortDescription": {"text": rule.doc},
            "fullDescription": {"text": rule.doc},
            "help": {"text": f"{rule.doc} See {_HELP}."},
            "helpUri": _HELP,
            "defaultConfiguration": {"level": rule.severity},
            "properties": {"tags": ["security", "supply-chain"]},
        }


def _result(audited: Audited, mention: Mention, violation: Violation) -> dict[str, Any]:
    return {
        "ruleId": violation.rule,
        "ruleIndex": _POSITIONS[violation.rule],
        "level": violation.severity,
        "message": {"text": f"{visible(audited.name)}: {violation.message}. {_named_by(mention)}."},
        "locations": [_location(mention)],
        "partialFingerprints": {_FINGERPRINT: _fingerprint(audited, mention, violation)},
    }


def _named_by(mention: Mention) -> str:
    name = f" ({visible(mention.display_name)})" if mention.display_name else ""
    return f"Named by {visible(mention.source)}{name}"


def _location(mention: Mention) -> dict[str, Any]:
    """Where it can be changed; of an image, the manifest inside it."""
    file = mention.file or mention.manifest or mention.source
    path = quote(str(PurePosixPath(file)), errors="replace")
    inside = {"uri": path, "uriBaseId": "%SRCROOT%"}
    artifact = {"uri": f"file://{path}"} if file.startswith("/") else inside
    region = {"region": {"startLine": mention.line}} if mention.line else {}
    return {
        "physicalLocation": {"artifactLocation": artifact, **region},
        "logicalLocations": [{"fullyQualifiedName": visible(mention.source), "kind": "resource"}],
    }


def _fingerprint(audited: Audited, mention: Mention, violation: Violation) -> str:
    """What stays the same from day to day, and when lines move: the age of an image does not."""
    parts = [violation.rule, audited.name, mention.source, mention.display_name]
    parts += [violation.message] if violation.rule in _SEVERAL else []
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
