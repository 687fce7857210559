"""The production's front without its sockets: a peer is Python's own ssl, byte by byte, in virtual time."""
import json
import ssl
from datetime import datetime, timezone

import pytest

import sekisho
from sekisho import fortinet

CONFIG = {
    "gate_id": "vpn.test", "authenticators": [{"plugin": "password", "config": {}}], "posture_checks": [],
    "paths": [{"name": "internet", "zones": ["internet_business"], "factors": ["password"], "least_factors": 1}],
}
GET = b"GET /remote/login HTTP/1.1\r\nHost: vpn.test\r\n\r\n"


@pytest.fixture(scope="module")
def server(certificate_of):
    return certificate_of("vpn.test", "DNS:vpn.test")


@pytest.fixture
def gate():
    begun = datetime.now(timezone.utc).replace(microsecond=0)  # TLS looks at the machine's time
    with sekisho.Gate(CONFIG, clock=sekisho.VirtualTime(start=begun), registry=sekisho.sample_registry()) as opened:
        yield opened


@pytest.fixture
def front(gate, server):
    made = gate.front_engine("internet", fortinet.fortinet_path(), certificate_pem=server[0].read_text(),
                             key_pem=server[1].read_text())
    yield made
    made.close()


class Peer:
    """A TLS client in memory."""

    def __init__(self, front, ca, address="198.51.100.7", alpn=()):
        self.socket = front.connect(address, 40_000)
        context = ssl.create_default_context(cafile=ca)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="vpn.test")

    def carry(self, step):
        """Runs `step` until it does not wait for the other side any more; what it gave, None when nothing more comes."""
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self.socket.feed(self.outgoing.read())
                heard = self.socket.take()
                if not heard:
                    return None
                self.incoming.write(heard)
            finally:
                self.socket.feed(self.outgoing.read())

    def handshake(self):
        self.carry(self.tls.do_handshake)
        return self

    def say(self, words):
        self.tls.write(words)
        return self.carry(lambda: self.tls.read(65536)) or b""


def test_a_peer_speaks_real_tls_to_the_real_pages(front, server):
    peer = Peer(front, server[0]).handshake()
    assert peer.tls.version() == "TLSv1.3" and front.connections == front.unknown == 1
    heard = peer.say(GET)
    assert heard.startswith(b"HTTP/1.1 200 ")
    peer.socket.gone()
    assert not peer.socket.open and peer.socket.at_end and peer.socket.why and front.connections == 0


def test_the_gates_answer_comes_through_the_codec(gate, front, server):
    body = b"ajax=1&username=mori&credential=wrong"
    peer = Peer(front, server[0]).handshake()
    assert peer.say(b"POST /remote/logincheck HTTP/1.1\r\nHost: vpn.test\r\nUser-Agent: Mozilla/5.0 SV1\r\n"
                    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)) == b""
    gate.advance(3)
    heard = peer.carry(lambda: peer.tls.read(65536))
    assert heard.startswith(b"HTTP/1.1 403 ") or b"ret=0" in heard, heard
    assert gate.entries(event="login.refused")


def test_a_wrong_protocol_ends_the_handshake(front, server):
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        Peer(front, server[0], alpn=["h2"]).handshake()
    assert Peer(front, server[0], alpn=["http/1.1"]).handshake().tls.selected_alpn_protocol() == "http/1.1"


def test_who_says_nothing_is_cut_off_by_virtual_time(gate, front, server):
    peer = Peer(front, server[0])
    gate.advance(9)
    assert peer.socket.take() == b"" and peer.socket.open
    gate.advance(2)
    assert peer.socket.take() == b"" and not peer.socket.open


def test_one_source_has_twenty_unknown_connections(front):
    sockets = [front.connect("198.51.100.9", 40_000 + n) for n in range(21)]
    assert all(sockets[:20]) and sockets[20] is None
    sockets[0].gone()
    assert front.connect("198.51.100.9", 41_000) is not None


def test_a_closed_front_says_so(gate, front, server):
    peer = Peer(front, server[0]).handshake()
    front.close()
    assert not peer.socket.open and peer.socket.take() == b""
    with pytest.raises(sekisho.Error) as raised:
        front.connect("198.51.100.7", 40_000)
    assert raised.value.code == "front.closed"
    for line in front.log:
        json.loads(line)
    gate.advance(1)


def test_a_broken_key_is_refused(gate, server):
    with pytest.raises(sekisho.Error) as raised:
        gate.front_engine("internet", fortinet.fortinet_path(), certificate_pem=server[0].read_text(), key_pem="no key")
    assert raised.value.code == "tls.key"
