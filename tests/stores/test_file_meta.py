"""Our reader and writer of ``meta.yaml`` against PyYAML, which MLflow uses, and against what nobody should write."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_flow.stores.file.meta import MetaError, dump, parse

ODD = "ab '\"\\:#-?{}[],&*!|>%@`\n\t\r~0 1.e+_\u2028\x85\x07\ufeff\xa0\u200bé😀"
texts = st.one_of(
    st.text(ODD, max_size=40),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    st.sampled_from(
        ["null", "yes", "5", "1e5", "2001-01-01", "- a", "? b", "word " * 60, "k" * 200, "a\n\n b", " x\n"]
    ),
)
scalars = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), texts)
keys = st.from_regex(r"[a-z]{3}[a-z_]{1,12}", fullmatch=True)
metas = st.dictionaries(keys, st.one_of(scalars, st.dictionaries(texts, texts, max_size=4)), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(values=metas, width=st.sampled_from([20, 80, 1_000]), as_is=st.booleans())
def test_what_pyyaml_writes_is_read_as_pyyaml_reads_it(values: dict[str, Any], width: int, as_is: bool) -> None:
    text = yaml.safe_dump(values, default_flow_style=False, allow_unicode=as_is, width=width)
    assert parse(text.encode()) == yaml.safe_load(text)


@settings(max_examples=150, deadline=None)
@given(values=metas)
def test_what_is_written_is_read_alike_by_pyyaml_and_here(values: dict[str, Any]) -> None:
    data = dump(values)
    assert yaml.safe_load(data.decode()) == parse(data) == values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("---\na: 1\n", {"a": 1}),
        ("# comment\n\na: b # c\nd: 'e # f'\n", {"a": "b", "d": "e # f"}),
        ("a: 1\r\nb: x\r\n", {"a": 1, "b": "x"}),
        ("a: 0001\nb: 1.5\nc: true\nd: 2001-01-01\n", {"a": "0001", "b": "1.5", "c": "true", "d": "2001-01-01"}),
        ("a:\n  b: c\n  d:\ne:\n", {"a": {"b": "c", "d": None}, "e": None}),
        ("tags: []\n", {"tags": {}}),
    ],
)
def test_what_people_write_by_hand_is_read(text: str, expected: dict[str, Any]) -> None:
    assert parse(text.encode()) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['id']\n",
        "a: !!str x\n",
        "a: &x b\nc: *x\n",
        "a: [1, 2]\n",
        "a: {b: c}\n",
        "a:\n- b\n",
        "a: |\n  b\n",
        "a:\n  b:\n    c: d\n",
        "a: b: c\n",
        "a: b\na: c\n",
        "  a: b\n",
        "a\n",
        ": a\n",
        "a: 'b\n",
        'a: "\\q"\n',
        'a: "\\ud800"\n',
        'a: "\\UFFFFFFFF"\n',
        "a: 'b' c\n",
        "? a\nb: c\n",
        "a: \x00\n",
        "a: \ud800\n",
    ],
)
def test_what_no_such_file_holds_is_refused(text: str) -> None:
    with pytest.raises(MetaError):
        parse(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "data",
    [
        b"a: '" + b" " * 10**6,
        b'a: "' + b"\\" * 10**6,
        b"a: '" + b"'" * 10**6,
        b"a: '" + b"\n" * 10**6,
        b"? " * 10**6,
        b"k" + b" " * 10**6 + b": x",
        b"a: &a [" + b"*a," * 10**5,
        b"a: \xff\xfe\n" * 10,
    ],
)
def test_what_is_made_to_keep_a_reader_busy_is_refused_at_once(data: bytes) -> None:
    with pytest.raises(MetaError):  # would take years, if each of these bytes were looked at from each other one
        parse(data)
