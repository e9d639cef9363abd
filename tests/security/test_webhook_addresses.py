"""Whoever makes a webhook chooses what the server connects to: nothing must come of that but calls to the Internet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from genesis_flow.errors import InvalidRequest
from genesis_flow.outbound.client import AT_ONCE, AT_ONCE_FOR_HOST, Allowed, CallFailed, Client
from genesis_flow.rules.addresses import is_allowed, is_public, parse_networks
from genesis_flow.rules.webhooks import Url, check_url
from tests.receiver import OK, certificate, for_ever, never, receiving, saying
from tests.serving import API, Server

PRIVATE = (
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"),
    *("::1", "fc00::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a00:1"),
)
NEVER = (
    *("0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
    *("100.100.100.200", "192.0.0.192", "fd00:ec2::254", "::ffff:169.254.169.254", "::ffff:100.100.100.200"),
    *("::", "::7f00:1", "fe80::1", "fec0::1", "ff02::1", "100::1", "2001:db8::1", "3fff::1", "5f00::1", "2001::1"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
)
INSIDE_OF_IPV6 = ("64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1")
PUBLIC = (
    "93.184.216.34",
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "64:ff9b::101:101",
    "::ffff:1.1.1.1",
)


@pytest.mark.parametrize("text", [*PRIVATE, *NEVER, *INSIDE_OF_IPV6])
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    assert not is_public(ip_address(text))
    assert not is_allowed(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_allowed(text: str) -> None:
    assert is_allowed(ip_address(text))


@pytest.mark.parametrize("text", [*PRIVATE, *INSIDE_OF_IPV6])
def test_a_private_address_may_be_allowed(text: str) -> None:
    assert is_allowed(ip_address(text), private=True)


@pytest.mark.parametrize("text", NEVER)
def test_who_allows_private_addresses_allows_no_metadata_groups_or_reserved_ones(text: str) -> None:
    assert not is_allowed(ip_address(text), private=True)


def test_a_network_is_allowed_by_name_and_nothing_beside_it() -> None:
    networks = parse_networks(["10.1.2.0/24", "fd00:1::/64"])
    for text in ("10.1.2.3", "::ffff:10.1.2.3", "fd00:1::5", "64:ff9b::a01:203"):
        assert is_allowed(ip_address(text), networks=networks), text
    for text in ("10.1.3.3", "127.0.0.1", "::ffff:10.1.3.3", "fd00:2::5"):
        assert not is_allowed(ip_address(text), networks=networks), text


# --- the URL ----------------------------------------------------------------------------------------------------

HOSTILE_URLS = (
    *("ftp://hooks.example/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_", "javascript:alert(1)", "//x/", "x"),
    *("http://hooks.example/", "https:///path", "https://", "https:hooks.example", "https://?x", "https://:443/"),
    *("https://user@hooks.example/", "https://user:pw@hooks.example/", "https://@hooks.example/", "https://a@b@c/"),
    *("https://hooks.example:0/", "https://hooks.example:65536/", "https://hooks.example:x/", "https://[::1"),
    *("https://hooks.example\\@127.0.0.1/", "https://hooks.example/\r\nX-Evil: 1", "https://hooks.example/ HTTP/1.1"),
    *("https://hooks.example/\tx", "https://hooks\n.example/", "https://hooks.example/\x00", " https://hooks.example/"),
    *("https://höoks.example/", "https://hooks.example/ü", "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/"),
    *("https://[v1.x]/", "https://[fe80::1%25eth0]/", "https://-x/", "https://x_;y/", "https://%31%32%37.0.0.1/"),
    *("https://hooks.example/" + "x" * 2_000, "https://" + "x" * 300 + "/"),
)


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_url_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_url(url, {"https"})
    assert "pw" not in str(caught.value)


def test_a_url_is_taken_apart_once() -> None:
    assert check_url("https://Hooks.Example:8443/in?x=1#part", {"https"}) == (
        *("https", "hooks.example", 8443, "/in?x=1"),
    )
    assert check_url("http://[2606:4700::1]", {"http"}).authority == "[2606:4700::1]"


LOOPBACK_BY_OTHER_NAMES = (
    *("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1"),
    *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "0", "0.0.0.0", "127.0.0.1."),
    *("169.254.169.254", "[fd00:ec2::254]", "2852039166", "[64:ff9b::a9fe:a9fe]", "no-such-host.invalid"),
)


@pytest.mark.parametrize("host", LOOPBACK_BY_OTHER_NAMES)
def test_a_server_as_it_comes_takes_no_webhook_that_leads_inside(server: Server, host: str) -> None:
    event = {"entity": "PROMPT", "action": "CREATED"}
    answer = server.post("webhooks", {"name": "x", "url": f"https://{host}/x", "events": [event]})
    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE")
    assert server.send("GET", f"{API}webhooks").json == {}


# --- the connection ---------------------------------------------------------------------------------------------

ANYWHERE = Allowed(frozenset({"http", "https"}), private=True)
ONLY_PUBLIC = Allowed(frozenset({"http", "https"}))


class Names:
    """A resolver whose answers change: the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def calling(allowed: Allowed, names: Names | None = None, **options: object) -> AsyncIterator[Client]:
    client = Client(allowed, resolve=names, **options)  # type: ignore[arg-type]
    yield client
    client.close()


def url_to(port: int, scheme: str = "http", host: str = "hooks.example") -> Url:
    return Url(scheme, host, port, "/in")


async def failure(client: Client, url: Url) -> str:
    with pytest.raises(CallFailed) as caught:
        await client.post(url, {}, b"{}")
    return caught.value.reason


async def test_a_name_that_answers_otherwise_the_second_time_leads_nowhere() -> None:
    names = Names(["93.184.216.34"], ["127.0.0.1"])
    async with receiving() as inside, calling(ONLY_PUBLIC, names) as client:
        await client.check(url_to(inside.port))
        assert await failure(client, url_to(inside.port)) == "AddressNotAllowed"
        assert inside.got == []


async def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked() -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    async with receiving() as inside, calling(ANYWHERE, names) as client:
        assert await client.post(url_to(inside.port), {}, b"{}") == 200
        assert names.asked == ["hooks.example"]
        assert inside.got[0].headers["host"] == f"hooks.example:{inside.port}"


@pytest.mark.parametrize("addresses", [["93.184.216.34", "127.0.0.1"], ["::1", "93.184.216.34"], ["fe80::1%eth0"], []])
async def test_one_bad_address_of_a_name_spoils_all_of_them(addresses: list[str]) -> None:
    async with calling(ONLY_PUBLIC, Names(addresses)) as client:
        assert await failure(client, url_to(9)) == ("AddressNotAllowed" if addresses else "NameNotResolved")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_told_and_not_followed(status: int) -> None:
    async with receiving() as inside:
        location = f"http://127.0.0.1:{inside.port}/secret"
        answer = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
        async with receiving(saying(answer)) as outside, calling(ANYWHERE, Names(["127.0.0.1"])) as client:
            assert await client.post(url_to(outside.port), {}, b"{}") == status
        assert inside.got == []


async def test_tls_verifies_the_name_although_the_connection_goes_to_an_address(tmp_path: Path) -> None:
    own, trusting = certificate("hooks.example", tmp_path)
    async with receiving(tls=own) as receiver, calling(ANYWHERE, Names(["127.0.0.1"]), tls=trusting) as client:
        assert await client.post(url_to(receiver.port, "https"), {}, b"{}") == 200
        assert await failure(client, url_to(receiver.port, "https", "other.example")) == "TlsFailed"
    async with receiving(tls=own) as receiver, calling(ANYWHERE, Names(["127.0.0.1"])) as client:
        assert await failure(client, url_to(receiver.port, "https")) == "TlsFailed"
        assert receiver.got == []


async def test_a_header_cannot_bring_another_one() -> None:
    async with receiving() as receiver, calling(ANYWHERE, Names(["127.0.0.1"])) as client:
        for headers in ({"X-A": "1\r\nX-B: 2"}, {"X-A\n": "1"}):
            with pytest.raises(CallFailed, match="InvalidRequest"):
                await client.post(url_to(receiver.port), headers, b"{}")
        assert [got.headers.get("x-b") for got in receiver.got] == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 70_000], "AnswerTooLarge"),
        ([b"x" * 70_000], "AnswerTooLarge"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n"] * 4_000, "AnswerTooLarge"),
        ([b"SSH-2.0-OpenSSH\r\n\r\n"], "NotHttp"),
        ([b"HTTP/1.1 2000 OK\r\n\r\n"], "NotHttp"),
        ([b"\x15\x03\x01\r\n\r\n"], "NotHttp"),
        ([b"HTTP/1.1 200"], "ConnectionLost"),
        ([], "ConnectionLost"),
    ],
)
async def test_an_answer_that_is_none_is_a_word_and_nothing_of_it_is_told(answer: list[bytes], reason: str) -> None:
    async with receiving(saying(*answer)) as receiver, calling(ANYWHERE, Names(["127.0.0.1"])) as client:
        assert await failure(client, url_to(receiver.port)) == reason


async def test_an_interim_answer_is_none() -> None:
    early = saying(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK)
    async with receiving(early) as receiver, calling(ANYWHERE, Names(["127.0.0.1"])) as client:
        assert await client.post(url_to(receiver.port), {}, b"{}") == 200


async def test_a_body_that_never_ends_is_not_read() -> None:
    async with receiving(for_ever) as receiver, calling(ANYWHERE, Names(["127.0.0.1"])) as client:
        assert await client.post(url_to(receiver.port), {}, b"{}") == 200


async def test_a_receiver_that_does_not_answer_is_given_up() -> None:
    async with receiving(never) as receiver, calling(ANYWHERE, Names(["127.0.0.1"]), total_s=0.2) as client:
        assert await failure(client, url_to(receiver.port)) == "Timeout"


async def test_a_name_that_nobody_resolves_is_given_up() -> None:
    async def stuck(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    client = Client(ANYWHERE, resolve=stuck, total_s=0.2)
    assert await failure(client, url_to(9)) == "Timeout"
    client.close()


async def test_receivers_that_hang_take_no_place_from_others() -> None:
    async with receiving(never) as hanging, receiving() as well, calling(ANYWHERE, Names(["127.0.0.1"])) as client:
        slow = [asyncio.create_task(client.post(url_to(hanging.port), {}, b"{}")) for _ in range(AT_ONCE * 2)]
        while len(hanging.got) < AT_ONCE_FOR_HOST:
            hanging.arrived.clear()
            await hanging.arrived.wait()
        assert await client.post(url_to(well.port, host="other.example"), {}, b"{}") == 200
        assert not any(task.done() for task in slow)
        assert len(hanging.got) == AT_ONCE_FOR_HOST
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def test_what_is_sent_is_one_whole_request() -> None:
    async with receiving() as receiver, calling(ANYWHERE, Names(["127.0.0.1"])) as client:
        body = json.dumps({"x": "ü" * 100_000}).encode()
        assert await client.post(url_to(receiver.port), {"X-A": "1"}, body) == 200
        (got,) = receiver.got
        assert (got.line, got.body, got.headers["x-a"]) == ("POST /in HTTP/1.1", body, "1")
        assert got.headers["connection"] == "close"
