"""Which rules hold for which type of start point, in verdict order, with the codes of each."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from lsp_assembler.model.manifest import Manifest, UnreadableManifest
from lsp_assembler.model.start_point import StartPoint, StartPointType
from lsp_assembler.rules import advice, contents, files, keys, manifests, patterns, values
from lsp_assembler.rules.rule import Rule

HAS_MANIFEST: Rule[StartPoint] = Rule("has-manifest", 16, "error", manifests.has_manifest)
JSON: Rule[UnreadableManifest] = Rule("json", 17, "error", manifests.json_syntax)
DUPLICATE_KEYS: Rule[Manifest] = Rule("duplicate-keys", 18, "error", manifests.duplicate_keys)
LSP_IMAGE_ONLY: Rule[StartPoint] = Rule(
    "lsp-image-only-start-point", None, "warning", advice.lsp_image_only_start_point
)
GIT_LFS_POINTER: Rule[StartPoint] = Rule("git-lfs-pointer", None, "error", contents.git_lfs_pointer)
UNLISTED_FILES: Rule[StartPoint] = Rule("unlisted-files", None, "warning", advice.unlisted_files)


class Table(Struct, frozen=True):
    """The rules of one type.

    Args:
        rules: about one manifest, in verdict order.
        unique: about all manifests together; it comes after all other errors.
    """

    rules: tuple[Rule[Manifest], ...]
    unique: Rule[manifests.Namesakes]


_ON_CONTENTS: tuple[Rule[Manifest], ...] = (
    Rule("line-ends", None, "error", contents.line_ends),
    Rule("byte-order-mark", None, "error", contents.byte_order_mark),
    Rule("nul-bytes", None, "error", contents.nul_bytes),
)


_FILLED_IN = {"image_name": "docker/image_name.json"}
"""What packing adds to the manifest of a language, and which file has it then."""


def _with_visible_filenames(rule: Rule[Manifest], elsewhere: Mapping[str, str]) -> tuple[Rule[Manifest], ...]:
    """The rules of languages and custom, which differ only in visible-filenames and in what packing adds."""
    return (
        Rule("known-keys", 20, "error", keys.known_keys(keys.LANGUAGE_KEYS)),
        Rule("required-keys", 21, "error", keys.required_keys(keys.REQUIRED_KEYS, elsewhere)),
        Rule("image-name", 30, "error", values.image_name),
        Rule("display-name", 31, "error", values.display_name),
        rule,
        Rule("filename-extension", 33, "error", values.filename_extension),
        Rule("hidden-filenames", 40, "error", patterns.hidden_filenames),
        Rule("tab-size", 41, "error", values.tab_size),
        Rule("max-seconds", 42, "error", values.max_seconds),
        Rule("highlight-filenames", 43, "error", files.highlight_filenames),
        Rule("progress-regexs", 44, "error", patterns.progress_regexs),
        Rule("rag-lambda", 45, "error", files.rag_lambda),
        Rule("language", 46, "error", values.name_and_version("language")),
        Rule("test-framework", 47, "error", values.name_and_version("test_framework")),
        Rule("language-with-test-framework", 48, "error", keys.language_with_test_framework),
        *_ON_CONTENTS,
    )


TABLES: Mapping[StartPointType, Table] = {
    StartPointType.LANGUAGES: Table(
        (
            Rule("image-name-tagged", None, "warning", advice.image_name_tagged),
            *_with_visible_filenames(
                Rule("visible-filenames", 32, "error", files.visible_filenames("required")), _FILLED_IN
            ),
        ),
        unique=Rule("display-name-unique", 40, "error", manifests.display_name_unique),
    ),
    StartPointType.CUSTOM: Table(
        _with_visible_filenames(
            Rule("visible-filenames", 32, "error", files.visible_filenames("optional")), {}
        ),
        unique=Rule("display-name-unique", 40, "error", manifests.display_name_unique),
    ),
    StartPointType.EXERCISES: Table(
        (
            Rule("known-keys", 50, "error", keys.known_keys(keys.EXERCISE_KEYS)),
            Rule("required-keys", 51, "error", keys.required_keys(keys.EXERCISE_KEYS)),
            Rule("display-name", 60, "error", values.display_name),
            Rule("visible-filenames", 61, "error", files.visible_filenames("forbidden")),
            *_ON_CONTENTS,
        ),
        unique=Rule("display-name-unique", 90, "error", manifests.display_name_unique),
    ),
}
RULES: tuple[Rule[Any], ...] = (
    *(HAS_MANIFEST, JSON, DUPLICATE_KEYS, LSP_IMAGE_ONLY, GIT_LFS_POINTER, UNLISTED_FILES),
    *(rule for table in TABLES.values() for rule in table.rules),
    *(table.unique for table in TABLES.values()),
)
"""Every rule about start points; one that holds for several types stands there several times."""
