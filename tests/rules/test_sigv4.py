"""Signatures of S3: Amazon's own examples, and what a signature must not be good for."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from genesis_flow.rules.sigv4 import Keys, address, link, signed_headers

# The examples of Amazon's reference, whose keys are no secrets.
KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
AT = datetime(2013, 5, 24, tzinfo=timezone.utc)
ENDPOINT = "https://examplebucket.s3.amazonaws.com"


def test_a_link_is_that_of_amazon_s_example() -> None:
    made = link(KEYS, "GET", address(ENDPOINT, "test.txt"), at=AT, expires_s=86400)

    assert made == (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
        "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "body", "signature"),
    [
        (
            "GET",
            "test.txt",
            {},
            {"range": "bytes=0-9"},
            b"",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "test$file.text",
            {},
            {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            b"Welcome to Amazon S3.",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        ("GET", "", {"lifecycle": ""}, {}, b"", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "GET",
            "",
            {"max-keys": "2", "prefix": "J"},
            {},
            b"",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_headers_are_those_of_amazon_s_examples(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes, signature: str
) -> None:
    made = signed_headers(KEYS, method, address(ENDPOINT, path), at=AT, query=query, headers=headers, body=body)

    assert made["authorization"].endswith(f"Signature={signature}")


def test_a_token_and_what_a_request_must_say_are_signed() -> None:
    keys = Keys("id", "secret", "token/+", "eu-central-1")

    made = link(keys, "PUT", address(ENDPOINT, "a b/é"), at=AT, expires_s=60, headers={"content-type": "text/plain"})

    assert made.startswith(f"{ENDPOINT}/a%20b/%C3%A9?")
    assert "X-Amz-SignedHeaders=content-type%3Bhost" in made
    assert "X-Amz-Security-Token=token%2F%2B" in made
    assert "%2Feu-central-1%2F" in made


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"url": f"{ENDPOINT}/other"},
        {"expires_s": 61},
        {"query": {"partNumber": "2"}},
        {"headers": {"content-type": "text/html"}},
        {"at": AT.replace(second=1)},
        {"keys": Keys("AKIAIOSFODNN7EXAMPLE", "another")},
        {"keys": Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region="eu-west-1")},
    ],
)
def test_a_signature_is_good_for_one_thing(change: dict[str, object]) -> None:
    asked: dict[str, object] = {"keys": KEYS, "method": "GET", "url": f"{ENDPOINT}/f", "at": AT, "expires_s": 60}

    def signature(given: dict[str, object]) -> str:
        keys, method, url = given.pop("keys"), given.pop("method"), given.pop("url")
        return link(keys, method, url, **given).rpartition("=")[2]  # type: ignore[arg-type]

    assert signature(dict(asked)) == signature(dict(asked)) != signature({**asked, **change})


def test_keys_do_not_tell_their_secret() -> None:
    assert "secret" not in repr(Keys("id", "secret-key", "secret-token"))
