"""Safe relative paths: what an attacker writes is refused, what a user writes is a name."""

from __future__ import annotations

import dataclasses
import ntpath
import os.path
import posixpath
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genesis_flow.errors import InvalidPath
from genesis_flow.rules.paths import MAX_PATH_BYTES, MAX_SEGMENT_BYTES, SafeRelPath

CLIMBING = [
    "..",
    "../etc/passwd",
    "a/../../etc/passwd",
    "a/..",
    "a/../b",
    "../../../../../../etc/passwd",
    "..\\etc",
    "a\\..\\..\\etc",
    "a/..\\..\\etc",
    "..\\/etc",
    "%2e%2e",
    "%2e%2e/etc",
    "%2E%2E/etc",
    ".%2e/etc",
    "%2e./etc",
    "a/%2e%2e/b",
    "..%2fetc",
    "..%5cetc",
    "a%2f..%2f..%2fetc",
    "%252e%252e/etc",
    "%252e%252e%252fetc",
    "%25252e%25252e/etc",
    "%25%32%65%25%32%65/etc",
    "..%252fetc",
    "..%255cetc",
    "..%c0%afetc",
    "%c0%ae%c0%ae/etc",
    "%E0%80%AE%E0%80%AE/etc",
    "%f0%80%80%ae%f0%80%80%ae/etc",
    "..%c1%9cetc",
    "%25c0%25ae%25c0%25ae/etc",
    "a/./../../b",
    ".../../..",
]
ABSOLUTE = [
    "/",
    "/etc/passwd",
    "//etc/passwd",
    "///etc",
    "\\etc",
    "\\\\host\\share",
    "%2fetc",
    "%2Fetc",
    "%252fetc",
    "%5cetc",
    "C:/Windows",
    "c:\\Windows",
    "C:",
    "%43%3A/Windows",
    "C%3a/Windows",
    "C%253A/Windows",
    "file:///etc/passwd",
    "http://host/x",
]
NOT_CANONICAL = [
    "a//b",
    "a/",
    "a/b//",
    ".",
    "./a",
    "a/.",
    "a/./b",
    "a\\",
    "a\\\\b",
    "a/%2e/b",
    "a%2fb",
    "a%5Cb",
    "a%252fb",
    "\\",
]
INVISIBLE = [
    "a\x00b",
    "a%00b",
    "a%2500.txt",
    "a\nb",
    "a\rb",
    "a\tb",
    "a\x1bb",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
    "gnp\u202egpj.exe",
    "a\u2066b",
    "a\u200eb",
    "a\ud800b",
    "\udc80",
]
TOO_LONG = [
    "x" * (MAX_SEGMENT_BYTES + 1),
    "日" * 86,
    "a/" + "é" * 128,
    "d/" * (MAX_PATH_BYTES // 2) + "d",
    "%25" * 20 + "x" * 300,
    "%" + "25" * 100,
]
HOSTILE = CLIMBING + ABSOLUTE + NOT_CANONICAL + INVISIBLE + TOO_LONG + ["a#b", "#", "dir/a#b.txt"]

ORDINARY = [
    "model.pkl",
    "model/MLmodel",
    "a b.txt",
    " lead",
    "trail ",
    "100%.txt",
    "100%",
    "%",
    "%%",
    "50%20off.txt",
    # How clients up to 3.1 name stepped images; and like it, text that only a further decoding would make invisible.
    "loss%step%0%timestamp%1000%7f.png",
    "a%0d%0ab",
    "a%C2%85b",
    "a%E2%80%AEb",
    "50% off",
    "%zz",
    "a%25b",
    "a%41b",
    "100%fat.txt",
    "a+b",
    "a:b",
    "c:x",
    "artifacts/C:/x",
    "a?b",
    "a&b=c;d,e@f!$'()[]{}~^`|<>\"*",
    "back\\slash",
    ".hidden",
    "..hidden",
    "a..b",
    "...",
    "a.",
    "con",
    "~",
    "~root/.ssh",
    "$HOME",
    "-rf",
    "café",
    "cafe\u0301",
    "日本/データ",
    "👩‍👩‍👧",
    "a／b",
    "．．/x",
    "x" * MAX_SEGMENT_BYTES,
    "日" * 85,
    "d/" * (MAX_PATH_BYTES // 2 - 1) + "dd",
]

names = st.text(st.characters(exclude_characters="/"), min_size=1, max_size=20)
pieces = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "\\",
        "%",
        "%2e",
        "%2f",
        "%5c",
        "%25",
        "2e",
        "2f",
        "a",
        "b c",
        "%c0%ae",
        "\x00",
        "C:",
        "é",
        "#",
        "?",
        ":",
        "~",
    ]
)
twisted = st.one_of(
    st.text(max_size=60),
    st.lists(pieces, max_size=14).map("".join),
    st.lists(names, max_size=5).map("/".join),
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidPath):
        SafeRelPath.parse(text)


@pytest.mark.parametrize(
    "text",
    [*CLIMBING, *ABSOLUTE, *INVISIBLE, *TOO_LONG, "a#b", "a%2fb", "a%2f", "a/%2e/b", "a\\\\b", "a\\.\\b"],
)
def test_a_hostile_path_is_refused_where_spelling_is_forgiven(text: str) -> None:
    with pytest.raises(InvalidPath):
        SafeRelPath.normalize(text)


@pytest.mark.parametrize("text", CLIMBING + ABSOLUTE)
def test_a_hostile_path_is_refused_when_it_is_encoded_once_and_twice_more(text: str) -> None:
    for encoded in (quote(text, safe=""), quote(quote(text, safe=""), safe="")):
        with pytest.raises(InvalidPath):
            SafeRelPath.parse(encoded)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_path_is_refused_by_the_constructor_too(text: str) -> None:
    with pytest.raises(InvalidPath):
        SafeRelPath(tuple(text.split("/")))


@pytest.mark.parametrize("segments", [("a/../b",), ("",), ("a", ""), ("..",), ("a/b",), ("/",)])
def test_a_segment_cannot_smuggle_a_separator(segments: tuple[str, ...]) -> None:
    with pytest.raises(InvalidPath):
        SafeRelPath(segments)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_name_is_taken_as_it_stands(text: str) -> None:
    path = SafeRelPath.parse(text)

    assert str(path) == text
    assert list(path) == text.split("/")
    assert SafeRelPath.normalize(text) == path


def test_the_empty_text_is_the_root() -> None:
    assert SafeRelPath.parse("") == SafeRelPath.ROOT
    assert (str(SafeRelPath.ROOT), SafeRelPath.ROOT.name, list(SafeRelPath.ROOT)) == ("", "", [])
    assert SafeRelPath.ROOT.parent == SafeRelPath.ROOT


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("model/", "model"),
        ("./model", "model"),
        ("a//b", "a/b"),
        ("a/./b/.", "a/b"),
        (".", ""),
        ("./", ""),
        ("", ""),
        (" ", " "),
    ],
)
def test_plain_dots_and_empty_segments_are_forgiven_on_request(text: str, canonical: str) -> None:
    assert str(SafeRelPath.normalize(text)) == canonical


def test_paths_join_and_come_apart_again() -> None:
    run, file = SafeRelPath.parse("0/run/artifacts"), SafeRelPath.parse("model/MLmodel")
    joined = run / file

    assert str(joined) == "0/run/artifacts/model/MLmodel"
    assert (joined.name, str(joined.parent)) == ("MLmodel", "0/run/artifacts/model")
    assert joined.relative_to(run) == file
    assert joined / SafeRelPath.ROOT == joined == SafeRelPath.ROOT / joined


def test_a_path_is_within_its_ancestors_but_not_within_a_name_that_starts_alike() -> None:
    path = SafeRelPath.parse("run1/a")

    assert path.is_within(SafeRelPath.ROOT)
    assert path.is_within(SafeRelPath.parse("run1"))
    assert path.is_within(path)
    assert not path.is_within(SafeRelPath.parse("run"))
    with pytest.raises(InvalidPath):
        path.relative_to(SafeRelPath.parse("run"))


def test_a_join_that_grows_too_long_is_refused() -> None:
    half = SafeRelPath.parse("d/" * (MAX_PATH_BYTES // 4) + "d")

    with pytest.raises(InvalidPath):
        half / half


def test_a_path_cannot_be_changed_after_its_check() -> None:
    path = SafeRelPath.parse("a")

    with pytest.raises(dataclasses.FrozenInstanceError):
        path.segments = ("..",)  # type: ignore[misc]


@pytest.mark.parametrize(
    "text",
    ["con", "CON", "nul.txt", "a/NUL", "aux .x", "com1", "LPT9.log", "com¹", "conin$", "a.", "a ", "a./b", "a:b", "a/C:/x", "f::$DATA", "a*", "a?", "a|b", "a<b", 'a"b', "back\\slash", "..."],
)  # fmt: skip
def test_a_name_that_windows_would_twist_is_told(text: str) -> None:
    assert not SafeRelPath.parse(text).is_safe_on_windows


@pytest.mark.parametrize(
    "text",
    ["model/MLmodel", "console", "com", "com10", "null.txt", "a.b", ".hidden", "a b", "100%", "日本", ""],
)
def test_a_plain_name_is_safe_on_windows(text: str) -> None:
    assert SafeRelPath.parse(text).is_safe_on_windows


@pytest.mark.parametrize("text", HOSTILE)
def test_the_refusal_does_not_repeat_the_path(text: str) -> None:
    with pytest.raises(InvalidPath) as refusal:
        SafeRelPath.parse(text)

    assert refusal.value.message.isprintable()
    assert "passwd" not in refusal.value.message


@given(twisted)
@example("..%252f..%252fetc")
@example("a\\..\\..\\..")
def test_what_is_accepted_never_leaves_its_root(text: str) -> None:
    try:
        path = SafeRelPath.parse(text)
    except InvalidPath:
        return
    spelling = str(path)
    for _ in range(10):
        for flavour in (os.path, posixpath):
            landed = flavour.normpath(flavour.join("/srv/root", spelling))
            assert landed == "/srv/root" or landed.startswith("/srv/root/")
        windows = ntpath.normpath(ntpath.join("D:\\root", spelling))
        assert windows == "D:\\root" or windows.startswith("D:\\root\\") or not path.is_safe_on_windows
        spelling = unquote(spelling)


@given(twisted)
def test_what_is_forgiven_never_leaves_its_root(text: str) -> None:
    try:
        path = SafeRelPath.normalize(text)
    except InvalidPath:
        return
    landed = os.path.normpath(os.path.join("/srv/root", str(path)))
    assert landed == "/srv/root" or landed.startswith("/srv/root/")
    assert SafeRelPath.parse(str(path)) == path


@given(twisted)
def test_parse_and_str_are_inverse(text: str) -> None:
    try:
        path = SafeRelPath.parse(text)
    except InvalidPath:
        return
    assert str(path) == text
    assert SafeRelPath.parse(str(path)) == path


@given(st.lists(st.from_regex(r"[A-Za-z0-9_\-][A-Za-z0-9_.\- ]{0,20}", fullmatch=True), min_size=1, max_size=6))
def test_every_path_of_plain_names_is_accepted(segments: list[str]) -> None:
    assert SafeRelPath.parse("/".join(segments)).segments == tuple(segments)
