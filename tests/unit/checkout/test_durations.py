"""The file of --durations: three numbers of seconds, or an error that says all that is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.checkout.durations import load_durations
from lsp_assembler.errors import InvalidInputError

NUMBERS = '{"red": 1, "amber": 2, "green": %s}'


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "durations.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_compact_in_the_order_of_a_traffic_light(tmp_path: Path) -> None:
    path = written(tmp_path, '{"green": 0, "red": 1.50,\n "amber": 2}\n')
    assert load_durations(path) == '{"red":1.5,"amber":2,"green":0}'


def test_as_cyber_dojo_records_them(tmp_path: Path) -> None:
    text = '{"red_duration": "2.054", "amber_duration": "1", "green_duration": 1.50}'
    assert load_durations(written(tmp_path, text)) == '{"red":2.054,"amber":1,"green":1.5}'


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[" * 99_999, "not valid JSON"),
        (b'{"red": "\xff"}', "not valid JSON"),
        (NUMBERS % "NaN", "NaN is not a JSON value"),
        (NUMBERS % "-Infinity", "-Infinity is not a JSON value"),
        (NUMBERS % '3, "green": 3', "a key is repeated"),
        ("[1, 2, 3]", "not a JSON object"),
        (NUMBERS % '"3"', "'green' is \"3\", not a number"),
        (NUMBERS % "true", "'green' is true, not a number"),
        (NUMBERS % "null", "'green' is null, not a number"),
        (NUMBERS % "-0.1", "'green' is -0.1, not a number"),
        (NUMBERS % "1e999", "'green' is Infinity, not a number"),
        (NUMBERS % "86401", "'green' is 86401, not a number"),
        (NUMBERS % ("9" * 4000), "not a number of seconds"),
        ('{"red": 1, "amber": 2}', "'green' is missing"),
        (NUMBERS % '3, "blue": 4', "unknown key 'blue'"),
        (NUMBERS.replace('":', '_duration":') % '"x"', "'green' is \"x\", not a number"),
        (NUMBERS.replace('":', '_duration":') % '"1e9"', "'green' is \"1e9\", not a number"),
        (NUMBERS % '3, "red_duration": "4"', "unknown key 'red_duration'"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str | bytes, fact: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InvalidInputError) as caught:
        load_durations(path)
    assert fact in caught.value.message
    assert caught.value.message.startswith(f"{path}: ")
    assert ('expected {"red": SECONDS' in caught.value.message) == ("JSON:" not in caught.value.message)
    assert len(caught.value.message) < len(str(path)) + 300


def test_every_problem_is_listed(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        load_durations(written(tmp_path, '{"rot": 1, "amber": -1}'))
    facts = [line.partition(": ")[2].partition(";")[0] for line in caught.value.message.splitlines()]
    assert facts == [
        "unknown key 'rot'",
        "'red' is missing",
        "'green' is missing",
        "'amber' is -1, not a number of seconds from 0 to 86,400",
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="No such file"):
        load_durations(tmp_path / "absent.json")


@given(st.floats(min_value=0, max_value=86_400) | st.integers(min_value=0, max_value=86_400))
def test_numbers_keep_their_value(tmp_path_factory: pytest.TempPathFactory, value: float) -> None:
    path = written(tmp_path_factory.getbasetemp(), NUMBERS % repr(value))
    assert load_durations(path) == f'{{"red":1,"amber":2,"green":{value!r}}}'
