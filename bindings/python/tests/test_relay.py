"""The production's relay and hyperd without their processes: a browser is Python's own ssl, a machine is Python, time is virtual."""
import json
import socket
import ssl
from datetime import datetime, timezone

import pytest

import sekisho
from sekisho import desktops, kinds, seam

ORIGIN, SEAT = "https://10.202.0.1:8444", {"mac": "52:54:00:40:00:11", "address": "10.40.0.11"}
CONFIG = {
    "gate_id": "vpn.test", "authenticators": [{"plugin": "password", "config": {}}], "posture_checks": [],
    "paths": [{"name": "internet", "zones": ["internet_business"], "factors": ["password"], "least_factors": 1,
               "pages": {"desktop": {"listen": "10.202.0.1:8444"}}}],
    "consoles": {"recorded": True, "keys": "masked", "screens_per_session": 3},
    "hypervisors": [{"zone": "internet_business", "pools": [{"name": "desks", "manager": "desks", "model": "plain", "spare": 1,
                                                             "start_s": 5, "seats": [SEAT]}]}],
}


class Machines(kinds.ConsoleDriver):
    """A manager whose desktops answer at once."""

    def __init__(self):
        self.held, self.far = {}, []

    def machines(self, *, within):
        return list(self.held.values())

    def machine(self, uuid, *, within):
        return self.held[uuid]

    def screen(self, uuid, *, within):
        here, there = socket.socketpair()
        self.far.append(there)
        return here

    def create(self, order, *, within):
        self.held[order.uuid] = kinds.Machine(order.uuid, "one", "running", True)
        return self.held[order.uuid]

    def destroy(self, uuid, *, within):
        self.held.pop(uuid, None)


@pytest.fixture(scope="module")
def server(certificate_of):
    return certificate_of("10.202.0.1", "IP:10.202.0.1")


@pytest.fixture
def gate():
    begun = datetime.now(timezone.utc).replace(microsecond=0)  # TLS looks at the machine's time
    with sekisho.Gate(CONFIG, clock=sekisho.VirtualTime(start=begun), registry=sekisho.sample_registry()) as opened:
        yield opened


@pytest.fixture
def relay(gate, server, tmp_path):
    pages = [sekisho.gate.RelayPage("desktop", ORIGIN)]
    made = gate.relay_engine("internet", zones=["internet_business"], pages=pages, certificate_pem=server[0].read_text(),
                             key_pem=server[1].read_text(), recordings=str(tmp_path / "recordings"))
    yield made
    made.close()


class Browser:
    def __init__(self, gate, relay, ca, address="10.202.0.7"):
        self.gate, self.socket = gate, relay.connect("desktop", address)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = ssl.create_default_context(cafile=ca).wrap_bio(self.incoming, self.outgoing, server_hostname="10.202.0.1")
        self.until(self.tls.do_handshake)

    def until(self, step):
        for _ in range(100):
            try:
                return step()
            except ssl.SSLWantReadError:
                pass
            finally:
                self.socket.feed(self.outgoing.read())
            self.gate.clock.settle()
            self.incoming.write(self.socket.take())
        raise AssertionError("nothing more comes")

    def get(self, path, host="10.202.0.1:8444"):
        self.tls.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Edg/142\r\n\r\n".encode())
        self.socket.feed(self.outgoing.read())
        heard = b""
        while b"\r\n\r\n" not in heard or len(heard.partition(b"\r\n\r\n")[2]) < int(heard.lower().split(b"content-length: ")[1].split(b"\r\n")[0]):
            heard += self.until(lambda: self.tls.read(65536))
        return json.loads(heard.partition(b"\r\n\r\n")[2])


def test_a_page_tells_a_stranger_why_not(gate, relay, server):
    browser = Browser(gate, relay, server[0])
    assert browser.get("/api/desktop")["refusal"]["code"] == "session.unknown_cookie"
    assert browser.get("/api/desktop", host="elsewhere.test")["refusal"]["code"] == "page.other_origin"
    assert relay.screens == 0 and relay.connect("console", "10.202.0.7") is None, "it has no such page"


def test_a_relay_that_is_killed_ends_its_connections(gate, relay, server):
    browser = Browser(gate, relay, server[0])
    assert not browser.socket.at_end
    relay.kill()
    browser.socket.take()
    assert browser.socket.at_end
    with pytest.raises(sekisho.Error, match="relay.closed"):
        relay.send(seam.EntranceAsk(1, "10.202.0.7"))


def test_hyperd_makes_the_desktops_that_the_gate_wants(gate, relay):
    machines = Machines()
    hyper = gate.hyper_engine("internet_business", [("desks", "desktops", machines)])
    hyper.attach(relay)
    gate.advance(5)
    spare, = machines.held
    machines.held.pop(spare)
    hyper.saw("desks", kinds.MachineEvent(spare, "stopped"))
    gate.advance(10)
    assert machines.held and spare not in machines.held, "another one stands in its place"
    hyper.close()
    with pytest.raises(sekisho.Error, match="hyper.closed"):
        hyper.saw("desks", kinds.MachineEvent())


def test_options_of_desktops_and_consoles_come_from_the_site():
    options = sekisho.gate.gate_options(CONFIG)
    assert (options.consoles.keys, options.consoles.screens_per_session, options.consoles.watermark) == ("masked", 3, True)
    zone, = options.hypervisors
    pool, = zone.pools
    assert (zone.zone, pool.name, pool.spare, pool.start) == ("internet_business", "desks", 1, 5.0)
    assert pool.seats[0].address == SEAT["address"] and isinstance(pool, desktops.Pool)
    assert options.paths[0].desktop_page.port == 8444
