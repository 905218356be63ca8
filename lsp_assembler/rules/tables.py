"""Which rules hold for which type of start point, in verdict order, with the codes of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from lsp_assembler.model.manifest import Manifest, ManifestSyntaxError
from lsp_assembler.model.start_point import StartPoint, StartPointType
from lsp_assembler.rules import advice, collection, files, keys, patterns, values
from lsp_assembler.rules.rule import Rule

HAS_MANIFEST: Rule[StartPoint] = Rule("has-manifest", 16, collection.has_manifest)
JSON: Rule[ManifestSyntaxError] = Rule("json", 17, collection.json_syntax)
DUPLICATE_KEYS: Rule[Manifest] = Rule("duplicate-keys", 18, collection.duplicate_keys)
LSP_IMAGE_ONLY: Rule[StartPoint] = Rule("lsp-image-only-start-point", None, advice.lsp_image_only_start_point)
UNLISTED_FILES: Rule[advice.Contents] = Rule("unlisted-files", None, advice.unlisted_files)
_IMAGE_NAME_TAGGED: Rule[Manifest] = Rule("image-name-tagged", None, advice.image_name_tagged)
_CYBER_DOJO_SH_EXECUTABLE: Rule[Manifest] = Rule(
    "cyber-dojo-sh-executable", None, advice.cyber_dojo_sh_executable
)


@dataclass(frozen=True, slots=True)
class Table:
    """The rules of one type.

    Args:
        errors: about one manifest, in verdict order.
        unique: about all manifests together; it comes after all others.
        warnings: about one manifest.
        warnings_once_packed: the same, about what packing puts into a manifest.
    """

    errors: tuple[Rule[Manifest], ...]
    unique: Rule[collection.Namesakes]
    warnings: tuple[Rule[Manifest], ...] = ()
    warnings_once_packed: tuple[Rule[Manifest], ...] = ()


def _with_visible_filenames(rule: Rule[Manifest]) -> tuple[Rule[Manifest], ...]:
    """The rules of languages and custom, which differ only in visible-filenames."""
    return (
        Rule("known-keys", 20, keys.known_keys(keys.LANGUAGE_KEYS)),
        Rule("required-keys", 21, keys.required_keys(keys.REQUIRED_KEYS)),
        Rule("image-name", 30, values.image_name),
        Rule("display-name", 31, values.display_name),
        rule,
        Rule("filename-extension", 33, values.filename_extension),
        Rule("hidden-filenames", 40, patterns.hidden_filenames),
        Rule("tab-size", 41, values.tab_size),
        Rule("max-seconds", 42, values.max_seconds),
        Rule("highlight-filenames", 43, files.highlight_filenames),
        Rule("progress-regexs", 44, patterns.progress_regexs),
        Rule("rag-lambda", 45, files.rag_lambda),
        Rule("language", 46, values.name_and_version("language")),
        Rule("test-framework", 47, values.name_and_version("test_framework")),
        Rule("language-with-test-framework", 48, keys.language_with_test_framework),
    )


LANGUAGES = Table(
    errors=_with_visible_filenames(Rule("visible-filenames", 32, files.visible_filenames("required"))),
    unique=Rule("display-name-unique", 40, collection.display_name_unique),
    warnings=(_CYBER_DOJO_SH_EXECUTABLE,),
    warnings_once_packed=(_IMAGE_NAME_TAGGED,),
)
CUSTOM = Table(
    errors=_with_visible_filenames(Rule("visible-filenames", 32, files.visible_filenames("optional"))),
    unique=Rule("display-name-unique", 40, collection.display_name_unique),
    warnings=(_CYBER_DOJO_SH_EXECUTABLE,),
)
EXERCISES = Table(
    errors=(
        Rule("known-keys", 50, keys.known_keys(keys.EXERCISE_KEYS)),
        Rule("required-keys", 51, keys.required_keys(keys.EXERCISE_KEYS)),
        Rule("display-name", 60, values.display_name),
        Rule("visible-filenames", 61, files.visible_filenames("forbidden")),
    ),
    unique=Rule("display-name-unique", 90, collection.display_name_unique),
)
TABLES: Mapping[StartPointType, Table] = {
    StartPointType.LANGUAGES: LANGUAGES,
    StartPointType.CUSTOM: CUSTOM,
    StartPointType.EXERCISES: EXERCISES,
}
