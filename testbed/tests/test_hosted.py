"""Stubs in the places of the gate's programs: whose body is here hands its control link over, the others are themselves."""
from __future__ import annotations

import pathlib
import socket
import subprocess
from collections.abc import Iterator

import pytest

from sekisho_testbed.hosted import stub


@pytest.fixture
def program(tmp_path: pathlib.Path) -> pathlib.Path:
    """A program of the folder, as the labs lay it: a link to the real one."""
    real = tmp_path / "real"
    real.write_text('#!/bin/sh\necho itself "$@"\n')
    real.chmod(0o755)
    link = tmp_path / "sekisho-front"
    link.symlink_to(real)
    return link


@pytest.fixture
def desk(tmp_path: pathlib.Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / "desk"))
        listener.listen()
        listener.settimeout(10)
        yield listener


def test_with_other_words_a_program_is_itself(program: pathlib.Path, tmp_path: pathlib.Path) -> None:
    stub(program, tmp_path / "desk", {"--path line ": "front:line"})
    for words in (["--path", "internet"], ["--path", "line2"], ["--posture"]):
        assert subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout == f"itself {' '.join(words)}\n"


@pytest.mark.parametrize("words,fits", [("--path line ", ["--config", "x", "--path", "line"]), ("", ["--config", "x"])])
def test_who_is_here_hands_its_link_over_and_stays_until_he_is_let_go(
        program: pathlib.Path, desk: socket.socket, tmp_path: pathlib.Path, words: str, fits: list[str]) -> None:
    stub(program, tmp_path / "desk", {words: "front:line"})
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # The supervisor gives the link as fd 3, and nothing else beyond the usual three.
    child = subprocess.Popen(["bash", "-c", f'exec 3<&{theirs.fileno()}; exec "$@"', "bash", str(program), *fits], pass_fds=[theirs.fileno()])
    came, _ = desk.accept()
    with ours, came:
        came.settimeout(10)
        name, descriptors, _, _ = socket.recv_fds(came, 256, 1)
        assert name == b"front:line"
        with socket.socket(fileno=descriptors[0]) as link:
            ours.send(b"from the supervisor")
            assert link.recv(99) == b"from the supervisor"
        assert child.poll() is None
    theirs.close()
    assert child.wait(10) == 0
