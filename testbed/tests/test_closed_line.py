"""What the lab says to a charon and sees on the line, without either."""
from __future__ import annotations

import struct

import pytest

from sekisho_testbed.device_certificates import DeviceCa
from sekisho_testbed.line_capture import LinePacket
from sekisho_testbed.vici_talk import Message, ViciError, decode, encode


def test_a_message_comes_back_as_it_was() -> None:
    message: Message = {"a": "1", "list": ["x", "y"], "empty": [], "der": b"\xff\x00\xfe", "inner": {"b": "", "deep": {"c": ["z"]}}, "last": "2"}
    assert decode(encode(message)) == message


def test_the_bytes_are_those_of_the_protocol() -> None:
    """strongSwan's own example: key1 = value1, section1 { sub-section { key2 = value2 }, list1 = [item1, item2] }."""
    message: Message = {"key1": "value1", "section1": {"sub-section": {"key2": "value2"}, "list1": ["item1", "item2"]}}
    assert encode(message) == (b"\x03\x04key1\x00\x06value1\x01\x08section1\x01\x0bsub-section\x03\x04key2\x00\x06value2\x02"
                               b"\x04\x05list1\x05\x00\x05item1\x05\x00\x05item2\x06\x02")


def test_an_unknown_element_is_not_passed_over() -> None:
    with pytest.raises(ViciError):
        decode(b"\x09")


def packet(payload: bytes, ports: tuple[int, int] = (4500, 4500), protocol: int = 17) -> LinePacket:
    transport = struct.pack("!HHHH", *ports, len(payload) + 8, 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(transport), 0, 0, 64, protocol, 0, bytes([10, 98, 0, 11]), bytes([10, 98, 0, 1]))
    return LinePacket(bytes(12) + b"\x08\x00" + ip + transport)


def ike(next_payload: int) -> bytes:
    return bytes(16) + bytes([next_payload, 0x20, 34, 8]) + bytes(8)


def test_packets_of_the_line_are_told_apart() -> None:
    kinds = {
        "ike": [packet(ike(33), (500, 500)), packet(bytes(4) + ike(33)), packet(b"short", (500, 500)), packet(bytes(4))],
        "ike_encrypted": [packet(bytes(4) + ike(46)), packet(ike(53), (500, 500))],
        "esp": [packet(b"\xc0\x01\x02\x03" + bytes(40))],
        "keepalive": [packet(b"\xff")],
        "clear": [packet(b"words", (40000, 443)), packet(bytes(20), (40000, 443), protocol=6), packet(bytes(8), (0, 0), protocol=1)],
    }
    for kind, packets in kinds.items():
        assert [p.kind for p in packets] == [kind] * len(packets)
    assert packet(b"").source == "10.98.0.11" and packet(b"").destination == "10.98.0.1"


def test_a_revocation_list_names_what_was_revoked() -> None:
    from cryptography import x509

    ca = DeviceCa()
    kept, lost = ca.issue("kept.closed.test"), ca.issue("lost.closed.test")
    first = x509.load_der_x509_crl(ca.list())
    ca.revoke(lost)
    second = x509.load_der_x509_crl(ca.list())

    def names(crl: x509.CertificateRevocationList, device: bytes) -> bool:
        return crl.get_revoked_certificate_by_serial_number(x509.load_der_x509_certificate(device).serial_number) is not None

    assert not names(first, lost.certificate) and names(second, lost.certificate) and not names(second, kept.certificate)
