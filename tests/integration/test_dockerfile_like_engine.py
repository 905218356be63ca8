"""Without an engine, a Dockerfile comes to the same configuration as with one."""

import io
import re
import tarfile
from collections.abc import Mapping
from typing import Any

import docker
import pytest

from lsp_assembler import dockerfile
from lsp_assembler.dockerfile import template
from lsp_assembler.errors import InvalidInputError
from tests import ROOT

TEMPLATE = ROOT / "Dockerfile.template"
KEYS = (
    *("Env", "Labels", "Entrypoint", "Cmd", "ExposedPorts", "User", "WorkingDir", "Volumes", "StopSignal"),
    *("Shell", "Healthcheck", "OnBuild"),
)
RICH = r"""
ENV B="two words" EMPTY= PORTS="81 82/udp" QUOTED="a\"b\\c'd" DIR=/srv
LABEL base=yes "base.name"='it is'
EXPOSE 22
VOLUME /data
STOPSIGNAL SIGHUP
USER nobody
HEALTHCHECK CMD true
ENTRYPOINT ["/sbin/tini", "--"]
CMD ["./up.sh"]
"""
CASES = {
    "nothing at all": "",
    "ENV replaces in place": "ENV NEW=1 PATH=/usr/bin B=3",
    "ENV twice in one": "ENV A=1 A=2",
    "ENV old form": "ENV A b  c=d   'e f' \"g\" \\h",
    "ENV old form with tabs": "ENV\tA\t\tb\tc  ",
    "ENV value with equals signs": "ENV A=b=c==d",
    "ENV double quotes": r'ENV A="a\"b" B="\$B \\ \n \' \x" C="\$EMPTY-\$B" D="" E=""x""',
    "ENV single quotes": r"""ENV A='a"b' B='$B' C='\' D='\\' E=a'b c'd"e f"g""",
    "ENV no quotes": r"ENV A=\"a\" B=\$B C=a\ b D=\\ E=\a F=a\'b G=\$ H=a\$ J=a\	b",
    "ENV adjoining quotes": r"""ENV A="it"'"'"s" B='a'\''b' C="a"\ "b" """,
    "ENV backslash in quotes before a space": r'ENV A="a\ b" B="c\\ d" C="e\" f"',
    "names are not ASCII": "ENV Ä=ö ключ=значение",
    "not ASCII": 'ENV A="日本語 ñ 🎉" B=\u201equotes\u201c\nLABEL emoji="🎉"',
    "white space that is not ASCII": "ENV A=a\u00a0B=c D=x\u3000E=y",
    "continued lines": 'ENV A=1 \\\n    C=2 \\\n# a comment\n  \\\n\n    D="a \\\n  b" \\ \n E=e\\\nf',
    "no comment at the end of a line": "ENV A=1 #B=2",
    "lower case": "env A=1\nlabel a=b\nexpose 80\nuser x\nworkdir /x\ncmd x",
    "spaces before": "   ENV A=1\n\tLABEL a=b",
    "CRLF": "ENV A=1 \\\r\n C=2\r\nLABEL a=b\r\n",
    "LABEL replaces": 'LABEL base=no new="a b"',
    "LABEL quoted name": """LABEL "a.b"="c" 'd e'=f g\\ h=i "j k"=""" "\n",
    "LABEL old form": 'LABEL a "b c" d',
    "LABEL empty": "LABEL a= b=\"\" c=''",
    "LABEL nasty": r"""LABEL a="{\"k\": \"v\\n\"}" b='{"k": "v\n"}' c="\\\\" d="\\\"" e=\\\" """,
    "EXPOSE": "EXPOSE 80 53/udp 9/SCTP 8000-8002 90-91/udp 22",
    "EXPOSE odd": "EXPOSE 0 080 65535 5-5",
    "USER": "USER x:50",
    "USER quoted": 'USER "a b" c',
    "WORKDIR relative": "WORKDIR a\nWORKDIR b/../c/",
    "WORKDIR absolute": "WORKDIR /x/./y/../z/",
    "WORKDIR slashes": "WORKDIR //x//y\nWORKDIR .",
    "WORKDIR relative up": "WORKDIR ../../..",
    "VOLUME": "VOLUME /a /data",
    "VOLUME JSON": 'VOLUME ["/a b", " /c ", "\\"q\\""]',
    "VOLUME almost JSON": "VOLUME [/a, /b]",
    "STOPSIGNAL": "STOPSIGNAL SIGTERM",
    "STOPSIGNAL number": "STOPSIGNAL 9",
    "STOPSIGNAL real time": "STOPSIGNAL RTMIN+3",
    "ENTRYPOINT resets CMD": 'ENTRYPOINT ["/bin/x"]',
    "ENTRYPOINT after CMD": 'CMD ["a"]\nENTRYPOINT ["/bin/x"]',
    "ENTRYPOINT before CMD": 'ENTRYPOINT ["/bin/x"]\nCMD ["a"]',
    "ENTRYPOINT shell": "ENTRYPOINT exec $B  'x' \"y\"   z",
    "ENTRYPOINT empty": "ENTRYPOINT []",
    "CMD shell": 'CMD ./up.sh   $PORT && \\\n   echo "done" \\\n\n  ; true',
    "CMD JSON is not expanded": r'CMD ["$B", "a\"b", "\u00e9\n\\", "\/"]',
    "CMD empty": "CMD []",
    "CMD empty, then ENTRYPOINT": 'CMD []\nENTRYPOINT ["/x"]',
    "CMD almost JSON": "CMD ['a', 'b']",
    "CMD almost JSON 2": 'CMD ["a", "b"',
    "CMD JSON and more": 'CMD ["a"] && b',
    "CMD JSON over lines": 'CMD [ "a", \\\n  "b", \\\n  "c" ]',
    "CMD lone surrogate": r'CMD ["\ud83d", "\ud83d\ude00", "\udc00x"]',
    "CMD twice": "CMD a\nCMD b",
    "CMD with a bracket": "CMD [ -f x ] && y",
}
"""What follows `FROM` a base that has RICH, by what it is about."""

HOSTILE = {
    "quotes": """it's "quoted" ''""",
    "dollars": "$B ${B} $$ ${B:-x} $(B) $",
    "backslashes": 'a\\b \\\\ \\" \\n \\',
    "only a backslash": "\\",
    "not ASCII": "日本語 ñ\u00a0é 🎉 \u2028 \u0085",
    "control characters": "a\nRUN b\tc\x00d\x1ce",
    "white space": "  a   b  ",
    "comment": "# no comment",
    "JSON": """{"a": ["b\\n", '$c']}""",
    "nothing": "",
}
"""Values for every name of our own template, by what is hostile about them."""

REFUSED = (
    *("ENV A", "ENV =x", "ENV A=1 B", 'ENV A="b', "ENV A=${", "ENV A=${}", "ENV A=${B", "ENV A=${B:=x}"),
    *("ENV A=${:-x}", "ENV A=${B:-x", "ENV 'A B", 'ENV "a=b"=c', "ENV ''=b", "ENV --a=b", "LABEL", "LABEL a"),
    *("LABEL a='b", "EXPOSE 65536", "EXPOSE x", "EXPOSE 5-4", "EXPOSE 80/x", "WORKDIR $NONE", "WORKDIR"),
    *("VOLUME []", 'VOLUME [""]', "VOLUME $NONE", "STOPSIGNAL SIGEMT", "STOPSIGNAL 0", "STOPSIGNAL RTMIN-1"),
    *("CMD [1]", 'CMD ["a", null]', "ENTRYPOINT [[]]", "CMD --x", "LABLE a=b"),
)
"""What an engine will not have either."""


def hostile(value: str) -> str:
    """Our own template with this value wherever one goes."""
    values = dict.fromkeys(template.NAMES, value) | {"base": "rich"}
    labels = {"org.example.one": value, "org.example.two": f"{value}{value}"}
    return template.render(template.load(TEMPLATE), values, labels)


DOCKERFILES = (
    {name: f"FROM rich\nCOPY . /app/repos\n{case}" for name, case in CASES.items()}
    | {f"our template, {name}": hostile(value) for name, value in HOSTILE.items()}
    | {
        "from scratch": "FROM scratch\nCOPY . /app/repos\nENV A=1\nCMD x\nWORKDIR a",
        "another shell": "FROM shell\nCOPY . /app/repos\nCMD x y",
        "a plain base": "FROM base\nCOPY . /app/repos\nENV A=1",
        # the last, for it would go on with the next one's FROM
        "continued to the end": "FROM rich\nCOPY . /app/repos\nLABEL a=1 \\\n   b=2 \\",
    }
)


def build(client: docker.DockerClient, text: str) -> list[Mapping[str, Any]]:
    """The configuration of every stage of a Dockerfile.

    Raises:
        AssertionError: the engine does not build it.
    """
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content in (("Dockerfile", text.encode()), ("image.type", b"languages")):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    ids: list[str] = []
    stream = client.api.build(
        fileobj=io.BytesIO(context.getvalue()), custom_context=True, rm=True, forcerm=True, decode=True
    )
    for event in stream:
        assert "error" not in event, event["error"]
        said = event.get("stream", "")
        if re.match(r"Step \d+/\d+ : FROM ", said, re.IGNORECASE):
            ids.append("")
        if matched := re.fullmatch(r" ---> ([0-9a-f]{12})\s*", said):
            ids[-1] = matched[1]
    return [client.api.inspect_image(each)["Config"] if each else {} for each in ids]


@pytest.fixture(scope="module")
def configs(docker_client: docker.DockerClient, engine_base: str) -> Mapping[str, Mapping[str, Any]]:
    """The configurations of the bases and of all DOCKERFILES, out of one build of many stages."""
    bases = {
        "base": f"FROM {engine_base} AS base",
        "rich": f"FROM base AS rich\n{RICH}",
        "shell": 'FROM rich AS shell\nSHELL ["/bin/ash", "-ec"]',
    }
    stages = bases | DOCKERFILES
    found = build(docker_client, "".join(f"{stage}\n" for stage in stages.values()))
    return {"scratch": {}} | dict(zip(stages, found, strict=True))


def told(config: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to compare; in a configuration, null and empty are absent."""
    return {key: config[key] for key in KEYS if config.get(key)}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_the_configuration_is_what_the_engine_makes(
    name: str, configs: Mapping[str, Mapping[str, Any]]
) -> None:
    instructions = dockerfile.parse(DOCKERFILES[name], "Dockerfile.template")
    assert told(dockerfile.apply(instructions, configs[instructions[0].value])) == told(configs[name])


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_refused_is_refused_by_the_engine_too(
    line: str, docker_client: docker.DockerClient, engine_base: str
) -> None:
    text = f"FROM {engine_base}\n{line}\nCOPY . /app/repos\n"
    with pytest.raises(InvalidInputError):
        dockerfile.apply(dockerfile.parse(text, "Dockerfile.template"), {"Env": ["B=b"]})
    with pytest.raises((docker.errors.APIError, AssertionError)):
        build(docker_client, text)
