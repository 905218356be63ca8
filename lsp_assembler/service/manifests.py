"""A manifest as the service answers it, and why one cannot be served. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lsp_assembler.model.manifest import Manifest, UnreadableManifest
from lsp_assembler.text import named

_EXTRAS = ("image_url", "image_sha")


def faults(manifest: Manifest | UnreadableManifest) -> Iterator[str]:
    """Why a manifest cannot be served, e.g. "it has no display_name"; nothing where it can."""
    if isinstance(manifest, UnreadableManifest):
        yield f"line {manifest.line}: {manifest.message}"
        return
    if manifest.display_name is None:
        yield "it has no display_name that is a string"
    visible = manifest.data.get("visible_filenames")
    if not isinstance(visible, list) or not all(isinstance(name, str) for name in visible):
        yield "it has no visible_filenames that is a list of strings"
        return
    rag_lambda = manifest.data.get("rag_lambda", "")
    if not isinstance(rag_lambda, str):
        yield "its rag_lambda is no string"
        return
    for name in (*visible, *([rag_lambda] if "rag_lambda" in manifest.data else [])):
        if manifest.file(name) is None:
            yield f"it names {named(name)}, which is not there"


def names_for(manifests: list[Manifest]) -> list[str]:
    """What each manifest is called, e.g. "Java, JUnit": without versions.

    Only if all say what language and test framework they are of, and all are different; else it is called by
    its display_name.
    """
    pairs = [(_list(each, "language"), _list(each, "test_framework")) for each in manifests]
    built = [f"{language[0]}, {framework[0]}" for language, framework in pairs if language and framework]
    if len(built) == len(set(built)) == len(manifests):
        return built
    return [each.display_name or "" for each in manifests]


def answer(manifest: Manifest, name: str, extras: tuple[str | None, str | None] | None) -> Mapping[str, Any]:
    """What `/manifest` says of it: the contents of its files in place of their names.

    Args:
        manifest: without faults.
        name: what it is called.
        extras: its image_url and image_sha; None to leave both out, as the original does.
    """
    data = {**manifest.data, "display_name": name}
    files = {each: {"content": _text(manifest, each)} for each in data.pop("visible_filenames")}
    if isinstance(data.get("filename_extension"), str):
        data["filename_extension"] = [data["filename_extension"]]
    if "rag_lambda" in data:
        data["rag_lambda"] = _text(manifest, data["rag_lambda"])
    return {**data, "visible_files": files, **dict(zip(_EXTRAS, extras, strict=True) if extras else ())}


def rendered(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _list(manifest: Manifest, key: str) -> list[Any]:
    value = manifest.data.get(key)
    return value if isinstance(value, list) else []


def _text(manifest: Manifest, name: str) -> str:
    file = manifest.file(name)
    return file.text if file else ""
