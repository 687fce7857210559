"""The mail server of the lab and what it delivered."""
from __future__ import annotations

import email
import email.policy
import pathlib
import re
from email.message import EmailMessage

from .netlab import Host, wait_until
from .people import Mailbox

PROGRAMS = pathlib.Path(__file__).parent / "programs"


class Post:
    def __init__(self, host: Host, address: str, certificate: pathlib.Path, key: pathlib.Path) -> None:
        self.host, self.folder = host, host.folder / "mail"
        self.folder.mkdir(exist_ok=True)
        self.argv = ["/usr/bin/python3", str(PROGRAMS / "mail_server.py"), address, "25", str(certificate), str(key),
                     str(self.folder)]
        self.start()

    def start(self) -> None:
        self.program = self.host.start("mail", *self.argv)
        self.program.wait_text("serving", 10)

    def messages(self, to: str) -> list[EmailMessage]:
        found = []
        for path in sorted(self.folder.glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            if to in message.get_all("X-Envelope-To", []):
                found.append(message)
        return found


class PostBox(Mailbox):
    """One person's mails; codes are read the way the person reads them: from the newest mail's text."""

    def __init__(self, post: Post, address: str) -> None:
        self.post, self.address = post, address
        self.seen = len(post.messages(address))

    def next_mail(self, within: float = 10) -> EmailMessage:
        def newer() -> EmailMessage | None:
            found = self.post.messages(self.address)
            return found[self.seen] if len(found) > self.seen else None

        mail: EmailMessage = wait_until(newer, within, f"a mail to {self.address}",
                                        on_fail=lambda: self.post.program.text()[-1000:])
        self.seen += 1
        return mail

    def next_code(self, within: float = 10) -> str:
        text = self.next_mail(within).get_content()
        codes = re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", text)
        assert codes, f"no six-digit code in the mail:\n{text}"
        return str(codes[0])

    @property
    def unread(self) -> int:
        return len(self.post.messages(self.address)) - self.seen
