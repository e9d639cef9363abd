"""Requests that a page of another site sends, or that come under another name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving import API, FILES, Answer, Server, request_head, serving

GET = f"{API}experiments/get?experiment_id=0"
CREATE = f"{API}experiments/create"
LAB = "https://lab.example.com"

UNKNOWN_HOSTS = [
    "evil.example",
    "EVIL.example:5000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "notlocalhost",
    "localhost.",
    "evil.example#localhost",
    "localhost@evil.example",
    "localhost,evil.example",
    "localhost evil.example",
    "localhost:80:80",
    "localhost:port",
    "8.8.8.8",
    "[2001:4860:4860::8888]",
    "[::1",
    "::1",
    "0177.0.0.1",
    "2130706433",
    "0.0.0.0",
    ":5000",
    "",
    "*",
    "\xe9",
    "a" * 10_000,
]
KNOWN_HOSTS = ["localhost", "LOCALHOST:5000", "127.0.0.1", "127.0.0.1:1", "[::1]:5000", "192.168.1.7", "10.0.0.1:80"]

FOREIGN_ORIGINS = [
    "https://evil.example",
    "null",
    "",
    "http://127.0.0.1:1",  # another program on this machine
    "http://127.0.0.1",
    "http://localhost:{port}",  # another name than the one that was asked
    "http://127.0.0.1:{port}.evil.example",
    "http://evil.example/127.0.0.1:{port}",
    "http://evil.example?127.0.0.1:{port}",
    "http://127.0.0.1:{port}@evil.example",
    "http://[evil",
    "http://[::1",
    "127.0.0.1:{port}",
    "file://",
    "chrome-extension://abc",
    "http://127.0.0.1:{port} https://evil.example",
    "\xe9",
]

CHANGES = [
    ("POST", CREATE, b'{"name":"from another site"}'),
    ("POST", f"{API}runs/create", b'{"experiment_id":"0"}'),
    ("POST", f"{API}runs/search", b'{"experiment_ids":["0"]}'),
    ("PATCH", f"{API}logged-models/MODEL/tags", b'{"tags":[{"key":"k","value":"v"}]}'),
    ("DELETE", f"{API}logged-models/MODEL", b""),
    ("PUT", f"{FILES}/from-another-site.txt", b"x"),
    ("DELETE", f"{FILES}/0", b""),
    ("POST", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=RUN&path=x.txt", b"x"),
]


def _change(server: Server, method: str, target: str, body: bytes, *headers: tuple[str, str]) -> Answer:
    lines = "".join(f"{name}: {text}\r\n" for name, text in headers)
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
    )
    return server.raw(head.encode("latin-1") + body, method=method)


def _without_host(version: str) -> bytes:
    return f"GET {GET} HTTP/{version}\r\n\r\n".encode()


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("host", UNKNOWN_HOSTS)
def test_a_request_for_an_unknown_host_is_refused(server: Server, host: str) -> None:
    for target in (GET, f"{FILES}/secret.txt", "/openapi.json", "/metrics"):
        answer = server.raw(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1"))
        assert (answer.status, answer.error_code) == (403, "PERMISSION_DENIED")
    body = b'{"name":"under another name"}'
    head = f"POST {CREATE} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    answer = server.raw(f"{head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body)
    assert answer.status == 403


@pytest.mark.parametrize("host", KNOWN_HOSTS)
def test_this_machine_and_private_addresses_are_known_hosts(server: Server, host: str) -> None:
    assert server.raw(f"GET {GET} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status == 200


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("request_", [_without_host("1.1"), _without_host("1.0")])
def test_a_request_without_a_host_is_refused(server: Server, request_: bytes) -> None:
    assert server.raw(request_).status in (400, 403)


@pytest.mark.parametrize("hosts", [("127.0.0.1", "evil.example"), ("evil.example", "127.0.0.1"), ("127.0.0.1",) * 2])
def test_a_request_with_two_hosts_is_refused(server: Server, hosts: tuple[str, str]) -> None:
    lines = "".join(f"Host: {host}\r\n" for host in hosts)
    assert server.raw(f"GET {GET} HTTP/1.1\r\n{lines}\r\n".encode()).status == 400


def test_the_host_of_an_absolute_address_does_not_replace_the_header(server: Server) -> None:
    answer = server.raw(f"GET http://127.0.0.1{GET} HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode())
    assert answer.status == 403
    forwarded = server.raw(request_head("GET", GET, X_Forwarded_Host="evil.example", X_Forwarded_For="8.8.8.8"))
    assert forwarded.status == 200


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize(("method", "target", "body"), CHANGES)
def test_a_change_from_another_site_is_refused(
    server: Server, run_id: str, model_id: str, method: str, target: str, body: bytes, origin: str
) -> None:
    target = target.replace("MODEL", model_id).replace("RUN", run_id)
    answer = _change(server, method, target, body, ("Origin", origin.format(port=server.port)))
    assert (answer.status, answer.error_code) == (403, "PERMISSION_DENIED")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "anything"])
@pytest.mark.parametrize(("method", "target", "body"), CHANGES)
def test_a_change_that_a_browser_marks_as_foreign_is_refused(
    server: Server, run_id: str, model_id: str, method: str, target: str, body: bytes, site: str
) -> None:
    target = target.replace("MODEL", model_id).replace("RUN", run_id)
    answer = _change(server, method, target, body, ("Sec-Fetch-Site", site))
    assert (answer.status, answer.error_code) == (403, "PERMISSION_DENIED")


@pytest.mark.usefixtures("unchanged")
def test_two_origins_are_no_origin(server: Server) -> None:
    ours = ("Origin", f"http://127.0.0.1:{server.port}")
    for second in (("Origin", "https://evil.example"), ours):
        assert _change(server, *CHANGES[0], ours, second).status in (400, 403)
    lines = "Origin: a\r\nOrigin: b\r\n"
    answer = server.raw(f"GET {GET} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode())
    assert answer.status in (200, 400)
    assert "access-control-allow-origin" not in answer.headers


def test_the_server_s_own_page_and_programs_may_change_things(server: Server, run_id: str) -> None:
    tag = ("POST", f"{API}runs/set-tag", f'{{"run_id":"{run_id}","key":"t","value":"v"}}'.encode())
    own = ("Origin", f"http://127.0.0.1:{server.port}")
    assert _change(server, *tag, own, ("Sec-Fetch-Site", "same-origin")).status == 200
    assert _change(server, *tag, ("Origin", own[1].upper().replace("HTTP", "http"))).status == 200
    assert _change(server, *tag, ("Sec-Fetch-Site", "none")).status == 200
    assert _change(server, *tag).status == 200


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[evil"])
def test_no_other_site_is_allowed_anything_by_default(server: Server, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for answer in (
        server.send("OPTIONS", CREATE, headers=asked),
        server.send("GET", GET, headers={"Origin": origin}),
        server.send("GET", f"{FILES}/nothing", headers={"Origin": origin}),
    ):
        assert answer.status < 500
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose operator allowed another site and another host."""
    flags = ("--cors-allowed-origins", f"{LAB},http://*.lab.example.com", "--allowed-hosts", "mlops.example.com,*.corp")
    with serving(tmp_path_factory.mktemp("open"), *flags) as running:
        yield running


def test_an_allowed_site_may_change_and_read(open_server: Server) -> None:
    asked = {"Origin": LAB, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = open_server.send("OPTIONS", CREATE, headers=asked)
    assert preflight.headers["access-control-allow-origin"] == LAB
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "content-type" in preflight.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in preflight.headers
    for answer in (
        _change(open_server, "POST", CREATE, b'{"name":"lab"}', ("Origin", LAB), ("Sec-Fetch-Site", "cross-site")),
        open_server.send("GET", GET, headers={"Origin": LAB}),
    ):
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == LAB


@pytest.mark.parametrize(
    "origin",
    [
        f"{LAB}.evil.example",
        "https://evil.example/https://lab.example.com",
        "http://lab.example.com",
        f"{LAB}:444",
        "https://xlab.example.com",
        "http://a.lab.example.com.evil.example",
        "null",
    ],
)
def test_a_site_that_resembles_an_allowed_one_is_refused(open_server: Server, origin: str) -> None:
    refused = _change(open_server, "POST", CREATE, b'{"name":"resembles"}', ("Origin", origin))
    read = open_server.send("GET", GET, headers={"Origin": origin})
    preflight = open_server.send("OPTIONS", CREATE, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert refused.status == 403
    assert all("access-control-allow-origin" not in answer.headers for answer in (refused, read, preflight))


def test_only_the_hosts_that_the_operator_named_are_added(open_server: Server) -> None:
    def status(host: str) -> int:
        return open_server.raw(f"GET {GET} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status

    assert [status(host) for host in ("mlops.example.com", "MLOPS.example.com:80", "a.corp", "127.0.0.1")] == [200] * 4
    refused = ["example.com", "mlops.example.com.evil.example", "xmlops.example.com", "corp", "a.corp.evil.example"]
    assert [status(host) for host in refused] == [403] * len(refused)
