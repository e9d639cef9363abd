"""Safe relative paths: the only form in which a client's path reaches a file system or a bucket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import unquote

from genesis_flow.errors import InvalidPath

MAX_SEGMENT_BYTES = 255  # what ext4, XFS, APFS and NTFS keep of one name
MAX_PATH_BYTES = 4096

# Deeper nesting of percent-encoding than this is an attack, not a name; it also bounds the work of a check.
_MAX_DECODINGS = 8

# C0, DEL and C1 controls, line and paragraph separators: they forge log lines and headers.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Marks that change the order in which a name is displayed: "gnp.exe" that reads "exe.png".
_BIDI_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:(?:[/\\]|$)")
_ENCODED_SEPARATOR = re.compile(r"%(?:2f|5c)", re.IGNORECASE)
# '.', '/' and '\' in more UTF-8 bytes than they need, which careless decoders take for the plain characters.
_OVERLONG = re.compile(r"%(?:(?:c0|e0%80|f0%80%80)%(?:ae|af)|(?:c1|e0%81|f0%80%81)%9c)", re.IGNORECASE)

_WINDOWS_CHARACTERS = re.compile(r'[<>:"|?*\\]')
_WINDOWS_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class SafeRelPath:
    """A relative path that stays below whatever it is joined to, on every platform and after every decoding.

    It has no empty, ``.`` or ``..`` segment and no control character, plain, percent-encoded (at any depth)
    or written with backslashes; it is not absolute and has no drive; each segment is at most 255 bytes of
    UTF-8 and the whole at most 4096. Every instance was checked, however it was made. The text itself is
    never decoded: ``100%.txt`` and ``50%20off`` name exactly these files.

    Raises:
        InvalidPath: one of the above does not hold.
    """

    segments: tuple[str, ...]

    ROOT: ClassVar[SafeRelPath]
    """The empty path: the root of a store itself."""

    def __post_init__(self) -> None:
        for segment in self.segments:
            _check_segment(segment)
        if self.segments:
            _check_text("/".join(self.segments))

    @classmethod
    def parse(cls, text: str) -> SafeRelPath:
        """Takes ``text``, already decoded once by the protocol that carried it, as it stands.

        ``parse(str(path)) == path`` for every path; the empty text is ``ROOT``.

        Raises:
            InvalidPath: ``text`` is not a safe path in its one canonical spelling.
        """
        return cls(tuple(text.split("/"))) if text else cls.ROOT

    @classmethod
    def normalize(cls, text: str) -> SafeRelPath:
        """Like ``parse``, but forgives plain ``.`` and empty segments: ``./model/`` is ``model``.

        COMPAT: mlflow 3.17 lists and downloads under such spellings; it writes under none of them.

        Raises:
            InvalidPath: as ``parse``; neither an absolute path nor a URI is forgiven.
        """
        if text.startswith("/") or "://" in text:
            raise InvalidPath("it must be relative")
        return cls(tuple(segment for segment in text.split("/") if segment not in ("", ".")))

    def __str__(self) -> str:
        return "/".join(self.segments)

    def __iter__(self) -> Iterator[str]:
        return iter(self.segments)

    def __truediv__(self, other: SafeRelPath) -> SafeRelPath:
        """``other`` below this path.

        Raises:
            InvalidPath: the result is too long.
        """
        return SafeRelPath(self.segments + other.segments)

    @property
    def name(self) -> str:
        """The last segment; empty for ``ROOT``."""
        return self.segments[-1] if self.segments else ""

    @property
    def parent(self) -> SafeRelPath:
        """Everything but the last segment; ``ROOT`` is its own parent."""
        return SafeRelPath(self.segments[:-1])

    def is_within(self, ancestor: SafeRelPath) -> bool:
        """Whether this path is ``ancestor`` or lies below it."""
        return self.segments[: len(ancestor.segments)] == ancestor.segments

    def relative_to(self, ancestor: SafeRelPath) -> SafeRelPath:
        """What must be joined to ``ancestor`` to get this path.

        Raises:
            InvalidPath: this path is not within ``ancestor``.
        """
        if not self.is_within(ancestor):
            raise InvalidPath("it does not lie below the path it was compared with")
        return SafeRelPath(self.segments[len(ancestor.segments) :])

    @property
    def is_safe_on_windows(self) -> bool:
        """Whether Windows takes every segment for a plain name.

        False for device names (``NUL.txt``), streams and drives (``a:b``), backslashes and other characters
        that Windows gives a meaning, and the trailing dots and blanks that it drops. On POSIX these are
        ordinary names.
        """
        return not any(
            _WINDOWS_CHARACTERS.search(segment) or _WINDOWS_DEVICES.match(segment) or segment[-1] in ". "
            for segment in self.segments
        )


SafeRelPath.ROOT = SafeRelPath(())


def _check_segment(segment: str) -> None:
    if "/" in segment:
        raise InvalidPath("a segment must not contain '/'")
    if _SURROGATES.search(segment):
        raise InvalidPath("it is not valid Unicode")
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        raise InvalidPath(f"each segment must be at most {MAX_SEGMENT_BYTES} bytes long")


def _check_text(text: str) -> None:
    if len(text.encode()) > MAX_PATH_BYTES:
        raise InvalidPath(f"it must be at most {MAX_PATH_BYTES} bytes long")
    if "#" in text:
        # COMPAT: mlflow 3.17 refuses it too: its clients put paths into URIs unquoted.
        raise InvalidPath("it must not contain '#'")
    _check_spelling(text)
    if "%" in text:
        _check_decodings(text)


def _check_decodings(text: str) -> None:
    """Refuses a text that turns into an unsafe path when it is percent-decoded once more, or more often."""
    for _ in range(_MAX_DECODINGS):
        if _ENCODED_SEPARATOR.search(text) or _OVERLONG.search(text):
            raise InvalidPath("it must not contain an encoded '/' or '\\'")
        decoded = unquote(text)
        if decoded == text:
            return
        text = decoded
        if "\0" in text:
            raise InvalidPath("it must not contain an encoded NUL")
        _check_direction(text)
    raise InvalidPath("it must not be percent-encoded again and again")


def _check_spelling(text: str) -> None:
    """Refuses what is invisible, climbs or starts elsewhere; a backslash counts as a separator."""
    if _CONTROLS.search(text):
        raise InvalidPath("it must not contain control characters")
    if _BIDI_MARKS.search(text):
        raise InvalidPath("it must not contain marks that change the direction of text")
    _check_direction(text)


def _check_direction(text: str) -> None:
    """Refuses what climbs or starts elsewhere.

    Of a further decoding this is all that matters: MLflow's clients up to 3.1 name images
    ``key%step%0%timestamp%1000``, where ``%10`` is no code for anything.
    """
    if _DRIVE.match(text):
        raise InvalidPath("it must be relative, without a drive letter")
    segments = text.replace("\\", "/").split("/")
    if not segments[0]:
        raise InvalidPath("it must be relative")
    if not all(segments):
        raise InvalidPath("it must not contain empty segments")
    if "." in segments or ".." in segments:
        raise InvalidPath("it must not contain '.' or '..' segments")
