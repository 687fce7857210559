"""The Fortinet and PPP machines in both roles, driven by hand."""
from datetime import timedelta

import pytest

import sekisho
from sekisho import SAMPLE_NOW, fortinet, plugins, seam
from sekisho.fortinet import PppLink, PppOptions

IPV4, LCP = 0x0021, 0xC021


def negotiate(server, client, now=SAMPLE_NOW):
    """Hands frames over until nobody says anything; what each side said beside frames."""
    said = {"server": [], "client": []}
    todo = [("client", e) for e in server.start(now=now)] + [("server", e) for e in client.start(now=now)]
    sides = {"server": server, "client": client}
    for _ in range(100):
        if not todo:
            return said
        to, event = todo.pop(0)
        if not isinstance(event, fortinet.PppSend):
            said["client" if to == "server" else "server"].append(event)
            continue
        other = "client" if to == "server" else "server"
        todo += [(other, e) for e in sides[to].feed(event.protocol, event.packet, now=now)]
    raise AssertionError("they never come to rest")


def test_two_ends_agree_on_their_addresses():
    server = PppLink(PppOptions(own_address="10.202.0.1", peer_address="10.202.0.10"), seed=1)
    client = PppLink(PppOptions(own_address="", echo_interval=0), seed=2)
    said = negotiate(server, client)
    assert server.state == client.state == "open"
    up = said["client"][0]
    assert (up.own_address, up.peer_address) == ("10.202.0.10", "10.202.0.1")
    assert server.largest_packet == 1354 and server.take_data(100)


def test_an_end_says_why():
    server, client = PppLink(PppOptions(), seed=1), PppLink(PppOptions(own_address=""), seed=2)
    negotiate(server, client)
    sent = server.terminate("drill", now=SAMPLE_NOW)[0]
    ended = [e for e in client.feed(sent.protocol, sent.packet, now=SAMPLE_NOW) if isinstance(e, fortinet.PppEnded)]
    assert ended[0].by_peer and ended[0].why == "drill"


def test_a_silent_peer_is_given_up():
    link = PppLink(PppOptions(open_limit=30))
    link.start(now=SAMPLE_NOW)
    at, ended = SAMPLE_NOW, []
    while not ended and link.next_deadline is not None:
        at = link.next_deadline
        ended = [e for e in link.on_deadline(now=at) if isinstance(e, fortinet.PppEnded)]
    assert ended and at <= SAMPLE_NOW + timedelta(seconds=31)


def test_frames_come_out_of_any_pieces():
    stream = fortinet.write_frame(IPV4, b"abc") + fortinet.write_frame(LCP, b"de", address_control=True)
    reader = fortinet.FrameReader()
    found = [frame for at in range(len(stream)) for frame in reader.feed(stream[at:at + 1])]
    assert found == [(IPV4, b"abc"), (LCP, b"de")] and not reader.in_frame
    with pytest.raises(sekisho.Error) as raised:
        reader.feed(b"\x00" * 6)
    assert raised.value.code == "fortinet.broken"


def test_a_bad_address_is_named():
    with pytest.raises(ValueError, match="10.0.0"):
        PppLink(PppOptions(own_address="10.0.0"))


@pytest.fixture(params=["built in", "loaded"])
def line(request):
    path = fortinet.fortinet_path() if request.param == "built in" else plugins.load("fortinet_sslvpn")
    assert path.carries_packets
    return fortinet.PathLine(path, sekisho.Arrival(path="internet", peer_address="198.51.100.7"), now=SAMPLE_NOW)


def test_the_server_role_asks_the_gatekeeper(line):
    body = b"ajax=1&username=mori&credential=right"
    post = (b"POST /remote/logincheck HTTP/1.1\r\nHost: vpn.test\r\nUser-Agent: Mozilla/5.0 SV1\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
    events = [e for at in range(0, len(post), 7) for e in line.on_bytes(post[at:at + 7], now=SAMPLE_NOW)]
    asked = [e for e in events if isinstance(e, fortinet.PathAsked)]
    assert len(asked) == 1 and isinstance(asked[0].request, seam.BeginLogin)
    assert asked[0].request.evidence["login"] == "mori"
    refusal = sekisho.sample_registry().end("person", "mori", SAMPLE_NOW).rights_of(
        "mori", "pc-mori", path="internet", path_zones=["internet_business"], now=SAMPLE_NOW).refusal
    answer = line.on_reply(asked[0].number, seam.Refused(refusal), now=SAMPLE_NOW)
    text = b"".join(e.data for e in answer if isinstance(e, fortinet.PathWrote))
    assert text.startswith(b"HTTP/1.1 403") and b"person.ended" in text


def test_a_silent_stranger_is_sent_away(line):
    assert line.next_deadline is not None
    events = line.on_deadline(now=line.next_deadline)
    assert any(isinstance(e, fortinet.PathClosed) and e.why for e in events) and line.closed


def test_the_client_role_begins_with_a_connection():
    client = fortinet.FortinetClient(user="mori", password="right")
    assert [type(e).__name__ for e in client.start(now=SAMPLE_NOW)] == ["ClientConnects"]
    wrote = client.on_connected(now=SAMPLE_NOW)
    assert wrote[0].data.startswith(b"GET / HTTP/1.1\r\n")
    assert client.send_packet(b"x") == (False, []) and not client.up


def test_a_bad_configuration_of_the_path_is_refused():
    with pytest.raises(sekisho.ConfigError):
        fortinet.fortinet_path({"mru": 9})
