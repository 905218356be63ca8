"""What strangers write cannot steer a terminal, a runner or a Markdown renderer."""

from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import Source
from lsp_assembler.reports import github, markdown, text
from tests.unit.reports.results import RESULTS, assembly, named

HOSTILE = st.text(alphabet=st.sampled_from("a \n\r\t\x1b\x9b\u202e\u2028\ud800:|`<>[]*_\\%,#字"), max_size=40)


@given(name=HOSTILE, image=HOSTILE)
def test_no_report_lets_a_name_through(name: str, image: str) -> None:
    result = Result(assembly((Source(0, "./ltf", is_directory=True), named(name, image))), 0)
    shown = text.render(result, 80, color=False), github.render(result), markdown.summary(result)
    for report in shown:
        assert not set("\r\t\x1b\x9b\u202e\u2028\ud800") & set(report)
    assert not any(line.lstrip().startswith("::") for line in shown[0].split("\n"))
    (row,) = [line for line in shown[2].split("\n") if line.startswith("| 0 ")]
    assert row.count("|") == 7
    assert not set("<>[]*\\") & set(row)
    assert row.count("`") in (2, 4)  # the source, and an image name that is plain


def test_no_message_adds_a_workflow_command() -> None:
    lines = github.render(RESULTS["hostile"]).splitlines()
    assert [line.startswith("::") for line in lines] == [True, True, True, False, False]
