"""A contractor's PC speaks the real protocol to a gate in this process: login, mailed code, tunnel, packets, goodbye."""
import pathlib
import tempfile

import sekisho
from sekisho import Text


class Certificate(sekisho.Authenticator):
    """Stands in for the client certificate, which a TLS handshake would have proved."""
    factor = "certificate"

    def step(self, request):
        return self.yes(request, terminal="pc-mori") if request.subject.known else self.ask(
            request, "code", Text("確認コード", "Verification code"))


def config(folder):
    """The certificate is ours, the mailed code is the product's own plugin."""
    pepper = pathlib.Path(folder) / "pepper"
    pepper.write_bytes(bytes(range(32)))
    pepper.chmod(0o600)
    return {
        "gate_id": "gate.seki.test",
        "authenticators": [Certificate(), {"plugin": "email_code", "config": {"pepper_file": str(pepper)}}],
        "paths": [{"name": "internet", "zones": ["internet_business", "internet_dmz"],
                   "factors": ["certificate", "code"], "least_factors": 1,
                   "tun": {"gate_address": "10.202.0.1", "prefix": 24}}],
    }


def packet(to, size=60):
    """An IPv4 packet without a payload that anybody reads."""
    return bytes([0x45, 0]) + size.to_bytes(2, "big") + bytes(12) + bytes(map(int, to.split("."))) + bytes(size - 20)


def main(manner="openconnect"):
    arrival = sekisho.Arrival(path="internet", peer_address="198.51.100.7", language="ja")
    with tempfile.TemporaryDirectory() as folder, \
            sekisho.Gate(config(folder), registry=sekisho.sample_registry()) as gate:
        with sekisho.Pc(gate.front("internet"), arrival, user="mori", password="x", manner=manner,
                        code=gate.last_code) as pc:
            tunnel = pc.connect(within=10)
            print("tunnel", tunnel.address, "mru", tunnel.mru)
            assert pc.send(packet("10.202.0.1"))
            pc.receive([packet(tunnel.address)])
            print("in", len(pc.delivered), "out", len(pc.received))
            pc.leave(within=5)
        print("sessions left", len(gate.sessions()))
        return tunnel, pc, gate.verify_journal()


if __name__ == "__main__":
    main()
