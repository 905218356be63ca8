"""Nobody ever sees half an image: what is written before what, and what becomes of the tags if it fails."""

import threading
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.images import Artifact, BuiltImage
from lsp_assembler.model.labels import CREATED_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import OCI_INDEX, OCI_MANIFEST, digest_of
from lsp_assembler.oci.image import Image, data_image, index
from lsp_assembler.stores.daemonless.push import Digests, NewImage, current_digests, push
from tests.unit.stores.daemonless.memory import MemoryContents

FIRST, SECOND, THIRD = (Reference.parse(f"ltf/java:{tag}") for tag in ("one", "two", "three"))


def image(text: str = "42", title: str = "amd64") -> Image:
    labels = {CREATED_LABEL: "2026-11-21T03:34:00Z", "org.opencontainers.image.title": title}
    return data_image(Tree.of({"start_point/hiker.txt": File(text.encode())}), labels)


def single(text: str = "42") -> NewImage:
    return NewImage((image(text),), ("linux/amd64",))


def double() -> NewImage:
    images = (image(), image(title="arm64"))
    pairs = [(each, {"os": "linux"}) for each in images]
    return NewImage(images, ("linux/amd64", "linux/arm64"), index(pairs, {}))


def published(publication: NewImage, target: MemoryContents, *names: Reference) -> str:
    return push(publication, target, target, names).digest


def test_single_image_blobs_then_tags() -> None:
    contents, made = MemoryContents(), single()
    built = push(made, contents, contents, (FIRST, SECOND))
    assert built.digest == made.images[0].digest
    assert (built.names, built.platforms) == (("ltf/java:one", "ltf/java:two"), ("linux/amd64",))
    assert sorted(contents.log[:2]) == sorted(
        f"blob {digest_of(data)}" for data in (made.images[0].layer, made.images[0].config)
    )
    assert contents.log[2:] == ["tag one", "tag two"]


def test_index_comes_after_its_manifests_and_they_after_their_blobs() -> None:
    contents, made = MemoryContents(), double()
    digest = published(made, contents, FIRST)
    kinds = [line.partition(" ")[0] for line in contents.log]
    assert kinds == ["blob"] * 3 + ["manifest"] * 2 + ["tag"]  # the layer is the same for both
    assert contents.named[FIRST.canonical] == digest == digest_of(made.index or b"")
    assert made.top[0] == OCI_INDEX


def test_what_already_stands_is_not_written_again() -> None:
    contents = MemoryContents()
    digest = published(single(), contents, FIRST)
    contents.log.clear()
    assert published(single(), contents, FIRST) == digest
    assert contents.log == []
    assert published(single(), contents, FIRST, SECOND) == digest
    assert contents.named[SECOND.canonical] == digest


class SlowToTell(MemoryContents):
    """Says what a name stands for only once a blob has arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.uploading = threading.Event()

    def digest(self, reference: Reference) -> str | None:
        assert self.uploading.wait(60)
        return super().digest(reference)

    def put_blob(self, reference: Reference, data: bytes) -> None:
        super().put_blob(reference, data)
        self.uploading.set()


@pytest.mark.parametrize("lately", [{FIRST: None}, {FIRST: digest_of(b"before")}])
def test_news_is_uploaded_while_the_names_are_asked_for(lately: Digests) -> None:
    contents = SlowToTell()
    built = push(single(), contents, contents, (FIRST,), lately)
    assert contents.named[FIRST.canonical] == built.digest


def test_what_names_stood_for_lately_decides_nothing_but_when() -> None:
    contents, before = MemoryContents(), single("before")
    old = published(before, contents, FIRST)
    lately = current_digests(contents, (FIRST, SECOND))
    assert lately == {FIRST: old, SECOND: None}

    new = published(single("somebody else's"), contents, FIRST, SECOND)
    contents.refused = "two"
    with pytest.raises(PublishError):
        push(before, contents, contents, (FIRST, SECOND), lately)
    assert contents.named == {FIRST.canonical: new, SECOND.canonical: new}

    contents.refused = ""
    assert push(before, contents, contents, (FIRST,), {FIRST: old}).digest == old
    assert contents.named[FIRST.canonical] == old


def refusals(made: NewImage) -> Sequence[str]:
    """Every blob and document that can be refused before the first tag."""
    blobs = [data for each in made.images for data in (each.layer, each.config)]
    return [*map(digest_of, blobs), *(each.digest for each in made.images if made.index)]


@pytest.mark.parametrize(
    ("made", "refused"), [(made, refused) for made in (single(), double()) for refused in refusals(made)]
)
def test_no_tag_moves_when_a_blob_or_manifest_is_refused(made: NewImage, refused: str) -> None:
    contents = MemoryContents()
    before = published(single("before"), contents, FIRST)
    contents.refused = refused
    with pytest.raises(PublishError, match="refused"):
        published(made, contents, FIRST, SECOND)
    assert contents.named == {FIRST.canonical: before}


def test_tags_are_put_back_when_a_later_one_is_refused() -> None:
    contents = MemoryContents()
    old = published(single("old"), contents, FIRST, SECOND)
    older = published(single("older"), contents, THIRD)
    contents.refused = "three"
    with pytest.raises(PublishError, match="ltf/java:three: refused"):
        published(single(), contents, FIRST, SECOND, THIRD)
    assert contents.named == {FIRST.canonical: old, SECOND.canonical: old, THIRD.canonical: older}


class LostAnswers(MemoryContents):
    """Takes a tag, and then cannot say so."""

    lose = ""

    def put_manifest(self, reference: Reference, media_type: str, data: bytes) -> None:
        super().put_manifest(reference, media_type, data)
        if self.lose and reference.tag == self.lose:
            self.lose = ""
            raise PublishError(f"{reference}: the answer was lost")


def test_tag_that_may_have_moved_is_put_back_too() -> None:
    contents = LostAnswers()
    old = published(single("old"), contents, FIRST, SECOND)
    contents.lose = "two"
    with pytest.raises(PublishError, match="lost"):
        published(single(), contents, FIRST, SECOND)
    assert contents.named == {FIRST.canonical: old, SECOND.canonical: old}


class Interrupted(BaseException):
    """What a signal raises."""


class Interrupting(MemoryContents):
    """A signal comes while a tag is written."""

    at = ""

    def put_manifest(self, reference: Reference, media_type: str, data: bytes) -> None:
        if self.at and reference.tag == self.at:
            self.at = ""
            raise Interrupted
        super().put_manifest(reference, media_type, data)


def test_signal_between_two_tags_leaves_both_as_they_were() -> None:
    contents = Interrupting()
    old = published(single("old"), contents, FIRST, SECOND)
    contents.at = "two"
    with pytest.raises(Interrupted):
        published(single(), contents, FIRST, SECOND)
    assert contents.named == {FIRST.canonical: old, SECOND.canonical: old}


class Forgetful(MemoryContents):
    """A registry that lets us write, but has lost what a tag stood for."""

    def manifest(self, reference: Reference) -> object:  # type: ignore[override]  # it never returns
        raise FetchError(f"{reference}: not found", kind="not-found")


def test_what_cannot_be_put_back_does_not_hide_why() -> None:
    contents = Forgetful()
    published(single("old"), contents, FIRST, SECOND)
    contents.refused = "two"
    with pytest.raises(PublishError, match="ltf/java:two: refused"):
        published(single(), contents, FIRST, SECOND)


def test_every_repository_gets_everything() -> None:
    contents = MemoryContents()
    other = Reference.parse("ltf/other:1")
    published(double(), contents, FIRST, SECOND, other)
    kinds = [line.partition(" ")[0] for line in contents.log]
    assert kinds == ["blob"] * 6 + ["manifest"] * 4 + ["tag"] * 3


def test_top_of_a_single_image_is_its_manifest() -> None:
    assert single().top == (OCI_MANIFEST, single().images[0].manifest)


def attested(publication: NewImage) -> NewImage:
    def attest(built: BuiltImage) -> list[Artifact]:
        return [Artifact("text/plain", f"about {built.digest}".encode())]

    return replace(publication, attest=attest)


@pytest.mark.parametrize("made", [single(), double()], ids=["image", "index"])
def test_what_is_about_an_image_is_there_before_its_tags(made: NewImage) -> None:
    contents = MemoryContents()
    built = push(attested(made), contents, contents, (FIRST, SECOND))
    kinds = [line.partition(" ")[0] for line in contents.log]
    assert kinds[-6:] == ["blob", "blob", "manifest", "referrer", "tag", "tag"]
    found = contents.referrers(FIRST.with_digest(built.digest))
    assert found
    assert [each.digest for each in found.manifests] == [each.digest for each in built.attestations]
    assert contents.blobs[digest_of(f"about {built.digest}".encode())]


def test_tags_stay_where_they_are_if_nothing_can_be_said_about_the_image() -> None:
    probe = MemoryContents()
    refused = push(attested(single()), probe, probe, (FIRST,)).attestations[0].digest
    contents = MemoryContents(refused)
    with pytest.raises(PublishError):
        published(attested(single()), contents, FIRST)
    assert contents.named == {}


def test_an_image_that_stands_gets_what_is_about_it_later() -> None:
    contents = MemoryContents()
    published(single(), contents, FIRST)
    contents.log.clear()
    assert push(attested(single()), contents, contents, (FIRST,)).attestations
    assert "tag one" not in contents.log
