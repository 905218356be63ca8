"""`report` on all versions that 84 languages ever had, from a registry as public ones are."""

import os

from tests.services.image import MANIFEST_TYPES
from tests.services.link import Speed
from tools.bench.assembling import run_before, says
from tools.bench.contender import Contender, Goal, Suite
from tools.bench.realistic_suites import show_ca
from tools.bench.registry_suites import curl_fault
from tools.bench.stage import Setting, Stage
from tools.bench.versions import Version, store

_LANGUAGES, _VERSIONS = 84, 30
_MOST_BYTES = 1_000_000
_REPORT = ("lsp-assembler", "report", "images.yml", "--html", "site")
_CURL = ("sh", "-c", "curl -qsS --fail-early -Z --parallel-max 96 -K urls.txt >fetched.txt")
_NEEDS = ("lsp-assembler",)


def _publish(stage: Stage) -> None:
    """All versions, the list of the languages, and for curl a list of what there is to fetch; once."""
    if (stage.folder / "images.yml").exists():
        return
    names, urls, sizes, scopes = [], [], [], []
    for number in range(_LANGUAGES):
        repository = f"cyberdojofoundation/language_{number:02}"
        names.append(f"  - {stage.host}/{repository}:LSP")
        scopes.append(f"repository:{repository}:pull")
        for age in range(_VERSIONS):
            images = Version(stage.host, repository, age).images()
            store(stage.registry, repository, images)
            for tag in images.keys() - {"LSP"}:
                urls += [f"url=https://{stage.host}/v2/{repository}/manifests/{tag}", "output=/dev/null"]
                sizes.append(str(len(images[tag].manifest())))
    show_ca(stage)
    headers = (
        f"Authorization: Bearer {stage.realistic.token(*scopes)}",
        f"Accept: {', '.join(MANIFEST_TYPES)}",
    )
    said = ("http2", "fail", "cacert=ca.pem", 'write-out="%{size_download}\\n"')
    stage.write("urls.txt", [*said, *(f'header="{each}"' for each in headers), *urls])
    stage.write("sizes.txt", sorted(sizes))
    stage.write("images.yml", [f"name: {stage.base}", *stage.settings.splitlines(), "images:", *names])


def _cold(stage: Stage) -> None:
    """An empty cache, and no page yet."""
    _publish(stage)
    stage.empty_cache()
    stage.remove("site")
    os.sync()


def _warm(stage: Stage) -> None:
    """The state after a first run.

    Raises:
        ServiceError: that run failed.
    """
    _cold(stage)
    run_before(stage, _REPORT)
    stage.remove("site")
    os.sync()


def _fault(stage: Stage) -> str:
    """What is wrong with the page; "" if nothing is."""
    size = sum(each.stat().st_size for each in (stage.folder / "site").iterdir())
    if size > _MOST_BYTES:
        return f"the page has {size:,} bytes; at most {_MOST_BYTES:,} are wanted"
    return says(stage, f"{_LANGUAGES} languages with {_LANGUAGES * _VERSIONS:,} versions")


REPORT = Suite(
    "report",
    "A report on all versions",
    "curl",
    (
        Contender(
            "curl",
            "the floor: `curl -Z` to `/dev/null`, with a token and the addresses of all manifests",
            _CURL,
            _publish,
            curl_fault,
            ("curl",),
        ),
        Contender(
            "cold", "`lsp-assembler report --html site`, the first time", _REPORT, _cold, _fault, _NEEDS
        ),
        Contender("warm", "again, nothing changed", _REPORT, _warm, _fault, _NEEDS),
    ),
    (Goal("cold", 6), Goal("cold", 1.5, of="curl"), Goal("warm", 2), Goal("cold", 150, unit="MB")),
    Setting(speed=Speed(rtt=0.05, megabits=100), realistic=True),
)
