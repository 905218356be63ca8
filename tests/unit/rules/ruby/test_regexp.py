"""Verdicts on regular expressions; each was also given by Ruby itself."""

import json
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import onigurumacffi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.rules.ruby.regexp import complaint

_GOOD = r"""
    a** a{2}{3} {} a{,} \h \R \X \p{L} \p{^Lu} \pL \p{XPosixPunct} (?~a) (?<n>a\g<n>?) \q \o{8} \y \N
    \d+\s*passed ^\[ coverage(/.*)? .*\.txt$ (?a)\w (?u-i:x) (?mix-m:a) (?i) (a)(?(1)b|c) (?<n>a)(?(<n>)b)
    ^* (?=a)+ (?:^|a)* \b{2} \((?:[^()]|\g<0>)*\) (?:a\g<0>)? \u{1F600} \u{41} [a-\u{7a}]
    \xe3\x81\x82 \101 \cA \C-a [[:alpha:]] [^[:^word:]] []a] [a&&[b]] [:foo:] \[[:foo:]]
    (?<=a|bc) (?<!\d{2}) (?<=(?:a|bc)) (?<=[a-z]x) (?<=(?#c)a) (?<=\101) (?x)[(]#( (?#(?P<)
"""
_BAD = r"""
    ( ) a) [ [z-a] [] * +a (?P<n>a) (?s) (?s:a) (?W) (?a-u) (?y{g}) (?{x}) (*FAIL) (* [[:foo:]] [[:-a:]]
    {100001} a{100001} a{5,2} \ \x \xg \x{41} \xff \xe3\x81 \xe3a \400 \u12 \ud800 \u{110000} \u{} \u{g}
    \M-a \M-\M-a \C-é \p{foo} \p{ \k<n> \g<n> (?<n>a)(b)\1 (a)(?(1)b|c|d) (?(a)b) (?(DEFINE)a) (?<n (?#
    (?<=a*) (?<=a(b|cd)) (?<!(?:a|bc)d) (?<=\R) (a)(?<=\1) (?<=(?>a)) (?<=(?~a)) (?<=a{1,2}) (?<=(?i)a|bc)
"""

_ACCEPTED, _REJECTED = _GOOD.split(), _BAD.split()


@pytest.mark.parametrize("pattern", [*_ACCEPTED, "a\nb", "(?x) a b", "\0", "a" * 3000, "\\u{41 42}"])
def test_accepted(pattern: str) -> None:
    assert complaint(pattern) == ""


@pytest.mark.parametrize("pattern", _REJECTED)
def test_rejected(pattern: str) -> None:
    assert complaint(pattern)


@pytest.mark.parametrize(
    "pattern", ["(?<=" * 3000, "(" * 10_000, "(?<=" + "(" * 3000 + ")" * 3001, "[" * 3000]
)
def test_deep_nesting_never_crashes(pattern: str) -> None:
    assert complaint(pattern)


def test_of_many_threads_one_at_a_time_is_in_oniguruma(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = [*_ACCEPTED, *_REJECTED]
    verdicts = [complaint(pattern) for pattern in patterns]
    inside, most = 0, 0

    def slow_compile(pattern: str) -> object:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.001)  # lets any other thread in that nothing holds back
        try:
            return compile_(pattern)
        finally:
            inside -= 1

    compile_ = onigurumacffi.compile
    monkeypatch.setattr(onigurumacffi, "compile", slow_compile)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(complaint, patterns)) == verdicts
    assert most == 1


@given(st.text(alphabet=r"ab()[]{}\?<>=!|*+^$:,-1xupP&~#iRkg'", max_size=12))
def test_any_text_gets_a_verdict(pattern: str) -> None:
    assert isinstance(complaint(pattern), str)


@pytest.mark.skipif(shutil.which("ruby") is None, reason="needs ruby")
def test_ruby_agrees() -> None:
    script = (
        'require "json"; puts JSON.parse(STDIN.read).map { |s| begin; Regexp.new(s); 1; '
        "rescue RegexpError; 0; end }.join"
    )
    patterns = [*_ACCEPTED, *_REJECTED]
    ruby = subprocess.run(
        ["ruby", "-W0", "-e", script],
        input=json.dumps(patterns),
        capture_output=True,
        text=True,
        check=True,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    verdicts = [verdict == "1" for verdict in ruby.stdout.strip()]
    assert dict(zip(patterns, verdicts, strict=True)) == {p: p in _ACCEPTED for p in patterns}
