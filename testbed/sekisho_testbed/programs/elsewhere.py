"""Stands where a program of the gate stands whose body is in the process of the tests (hosted.py): hands that process its control
link, fd 3, and stays until it is not wanted there any more. Arguments: the tests' Unix socket, the child's name."""
from __future__ import annotations

import os
import socket
import sys

desk = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
desk.connect(sys.argv[1])
socket.send_fds(desk, [sys.argv[2].encode()], [3])
os.close(3)
desk.recv(1)
