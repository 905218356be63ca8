"""Results for the tests of the reports, one for each thing that a report must be able to say."""

import json
from collections.abc import Mapping

from msgspec.structs import replace

from lsp_assembler.errors import FailureKind
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.finding import Failure, Finding, ManifestPlace
from lsp_assembler.model.images import Attached, BuiltImage
from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import Source, StartPoint, StartPointType
from lsp_assembler.model.tree import File, Tree

REGISTRY = "cyberdojofoundation"
IMAGE = BuiltImage(
    names=("cyberdojo/languages-start-points:latest",),
    digest="sha256:1f2e3d4c5b6a79880716253443526170f0e1d2c3b4a5968778695a4b3c2d1e0f",
    platforms=("linux/amd64", "linux/arm64"),
)
LABELS = {
    "org.opencontainers.image.revision": "4edf92a8c7d6e5f40312233445566778899aabbc",
    "org.opencontainers.image.source": "https://github.com/cyber-dojo-languages/java-junit",
    "org.opencontainers.image.created": "2026-11-21T03:34:00Z",
}


def start_point(*manifests: Mapping[str, object] | bytes, labels: Mapping[str, str] = LABELS) -> StartPoint:
    """One folder for each manifest; the first is start_point/ itself."""
    files = {"start_point/cyber-dojo.sh": File(b"make test\n", executable=True)}
    for number, manifest in enumerate(manifests):
        folder = f"start_point/{number}" if number else "start_point"
        content = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        files[f"{folder}/manifest.json"] = File(content)
    return StartPoint(f"sha256:{'9f86d081' * 8}", Tree.of(files), labels)


def named(display_name: str, image_name: str) -> StartPoint:
    return start_point({"display_name": display_name, "image_name": image_name})


def assembly(
    *found: tuple[Source, StartPoint | Failure],
    findings: tuple[Finding, ...] = (),
    of_type: StartPointType = StartPointType.LANGUAGES,
    seconds: Mapping[str, float] | None = None,
) -> Assembly:
    outcomes = tuple(
        Outcome(source, 0.25 + source.index, failure=what)
        if isinstance(what, Failure)
        else Outcome(source, 0.25 + source.index, start_point=what)
        for source, what in found
    )
    return Assembly(of_type, outcomes, findings, seconds or {"fetch": 0.3123, "check": 0.02, "total": 0.5})


def listed(index: int, name: str) -> Source:
    return Source(index, f"{REGISTRY}/{name}:LSP", line=index + 2)


JAVA = (listed(0, "java_junit"), named("Java 21, JUnit 5", f"{REGISTRY}/java_junit:4edf92a"))
PYTHON = (listed(1, "python_unittest"), named("Python 3.14, unittest", f"{REGISTRY}/python:3c0bdc2"))
TAB_SIZE = Finding(
    "tab-size",
    41,
    "error",
    1,
    "start_point/manifest.json",
    "tab_size is 9; it must be an integer 1..8",
    manifest_line=12,
)
UNTAGGED = Finding(
    "image-name-tagged",
    None,
    "warning",
    0,
    "start_point/manifest.json",
    f"image_name is '{REGISTRY}/java_junit'; give it the tag of one build, so that it never changes",
)


def failure(kind: FailureKind, message: str) -> Failure:
    return Failure(kind, message)


MISSING = failure(
    "not-found",
    "cyberdojofoundation/nosuch:LSP: the registry docker.io has no such image; expected the name of an image "
    "that its CI has pushed\nLook for a typing mistake in the name, and for a failed run of that CI.",
)
STEPS = {"fetch": 0.31, "check": 0.02, "build": 0.12, "total": 4.9}


def _fine() -> Result:
    attested = replace(IMAGE, attestations=(Attached("application/vnd.cyclonedx+json", IMAGE.digest),))
    return Result(assembly(JAVA, PYTHON, seconds=STEPS), 0, attested, images_file="images.yml")


def _warning() -> Result:
    return Result(
        assembly(JAVA, PYTHON, findings=(UNTAGGED,), seconds=STEPS), 0, IMAGE, images_file="images.yml"
    )


def _checked() -> Result:
    return Result(assembly(JAVA, PYTHON), 0, images_file="images.yml", command="check")


def _findings() -> Result:
    source = Source(2, "./ruby-minitest", is_directory=True)
    no_manifest = Finding(
        "has-manifest", 16, "error", 2, None, "holds no manifest.json; a start point needs one"
    )
    regex = Finding(
        "progress-regexs", 44, "error", 1, "start_point/manifest.json", "progress_regexs is empty"
    )
    found = assembly(JAVA, PYTHON, (source, start_point()), findings=(no_manifest, UNTAGGED, TAB_SIZE, regex))
    return Result(found, 1, images_file="./images.yml")


def _failures() -> Result:
    folder = Source(2, "../ruby", is_directory=True)
    empty = failure("unreadable", "../ruby: cannot be read: Permission denied")
    return Result(
        assembly(JAVA, (listed(1, "nosuch"), MISSING), (folder, empty)), 3, images_file="images.yml"
    )


def _both() -> Result:
    ruby = (listed(2, "nosuch"), MISSING)
    return Result(
        assembly(JAVA, PYTHON, ruby, findings=(TAB_SIZE,)), 3, images_file="ci/images.yml", command="check"
    )


def _exercises() -> Result:
    many = start_point(
        *({"display_name": name} for name in ("Bowling Game", "Fizz Buzz", "Tennis")), labels={}
    )
    found = assembly((listed(0, "exercises"), many), of_type=StartPointType.EXERCISES, seconds=STEPS)
    return Result(found, 0, IMAGE, images_file="images.yml")


def _hostile() -> Result:
    names = (
        "[bold]not bold[/bold] :smile: `code` <b>html</b> | pipe",
        "\x1b[31mred\x1b[0m and\n::error::a command\r",
        "abc\u202egnirts\u2066\u200b",
        "very long " * 12 + "x" * 90,
        "日本語のとても長い名前" * 3,
    )
    manifests = ({"display_name": name, "image_name": f"x|`{name[:9]}`"} for name in names)
    odd = start_point(*manifests, b"[" * 100_000, b'{"display_name": 7}', b"\xff", labels={})
    finding = Finding(
        "display-name-unique",
        40,
        "error",
        0,
        "start_point/a,b:c%/manifest.json",
        f"display_name is '{names[1]}' too | `x` <script>alert(1)</script> 100% \udc80",
    )
    source = Source(0, "./odd,dir:%|`", is_directory=True)
    return Result(assembly((source, odd), findings=(finding,)), 1)


def _nothing() -> Result:
    return Result(assembly(), 0, images_file="images.yml", command="check")


def _many() -> Result:
    found = tuple(
        (listed(i, f"ltf_{i}"), named(f"LTF {i}", f"{REGISTRY}/ltf_{i}:4edf92a")) for i in range(12)
    )
    warnings = tuple(
        Finding("unlisted-files", None, "warning", i, None, f"notes_{i}.txt is in no list of the manifest")
        for i in range(12)
    )
    errors = tuple(
        Finding("tab-size", 41, "error", i, "start_point/manifest.json", "tab_size is 9", 3)
        for i in range(10)
    )
    return Result(assembly(*found, findings=errors + warnings), 1, images_file="images.yml")


def _unpublished() -> Result:
    error = "cyberdojo/languages-start-points:latest: the registry refused the push: denied\n  Log in first."
    return Result(assembly(JAVA, PYTHON, seconds=STEPS), 5, error=error, images_file="images.yml")


def _no_base() -> Result:
    """The base could not be read; the template is wrong as well."""
    base = failure(
        "not-found", "images.yml:2: base: org/base:1: ghcr.io has no such image\n  Correct 'base:'."
    )
    template = "Dockerfile.template:3: unknown name '$HOME'; expected $base"
    return Result(
        assembly(JAVA, seconds=STEPS),
        2,
        error=f"{template}\n{base.message}",
        base_failure=base,
        images_file="images.yml",
    )


def _one_cause() -> Result:
    """Failures and findings that share a cause, in the same words or in others, and some that do not."""
    remedy = "Check the spelling of the host, and the network."
    gone = tuple(
        (
            listed(i, name),
            failure("unavailable", f"{REGISTRY}/{name}:LSP: cannot resolve host ghcr.io\n{remedy}"),
        )
        for i, name in enumerate(("java_junit", "java_cucumber", "ruby_rspec", "ruby_minitest", "elm_test"))
    )
    full = tuple(
        (
            listed(5 + i, name),
            Failure(
                "disk-full",
                f"{REGISTRY}/{name}:LSP: the engine's disk is full: write /{i}: no space left\nFree some.",
                "the engine's disk is full",
            ),
        )
        for i, name in enumerate(("zig_test", "go_testify"))
    )
    fine = [(listed(7 + i, name), PYTHON[1]) for i, name in enumerate(("python", "pytest"))]
    unsure = tuple(
        Finding(
            "image-exists",
            None,
            "error",
            index,
            "start_point/manifest.json",
            f"image_name is {name}; it cannot be verified (cannot resolve host quay.io)",
            cause="the language image cannot be verified (cannot resolve host quay.io)",
        )
        for index, name in ((7, "a"), (7, "b"), (8, "c"))
    )
    found = assembly(*gone, *full, *fine, findings=(*unsure, replace(TAB_SIZE, index=7)))
    return Result(found, 3, images_file="images.yml", command="check")


def _namesakes() -> Result:
    """Findings that name other start points."""
    findings = tuple(
        Finding(
            "display-name-unique",
            40,
            "error",
            here,
            "start_point/manifest.json",
            f'display_name is "Java 21, JUnit 5", as in {REGISTRY}/{name}:LSP (images.yml, '
            f"line {other + 2}); it must be unique",
            2,
            others=(ManifestPlace(other, "start_point/manifest.json"),),
        )
        for here, other, name in ((0, 1, "java"), (1, 0, "java_junit"))
    )
    return Result(
        assembly(JAVA, (listed(1, "java"), JAVA[1]), findings=findings), 1, images_file="images.yml"
    )


RESULTS = {
    "fine": _fine(),
    "warning": _warning(),
    "checked": _checked(),
    "findings": _findings(),
    "failures": _failures(),
    "both": _both(),
    "exercises": _exercises(),
    "hostile": _hostile(),
    "nothing": _nothing(),
    "many": _many(),
    "unpublished": _unpublished(),
    "no_base": _no_base(),
    "one_cause": _one_cause(),
    "namesakes": _namesakes(),
}
