"""The gate's pages before the reader of forms in this process; whose host asks for them, and how, is said by whoever derives from it."""
from __future__ import annotations

from typing import Self

from .people import Page
from .programs.forms import Reader, obey


class ReaderPage(Page):
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.agent, self.page = reader.agent, reader.page()

    def _go(self, **order: str) -> Self:
        self.page = obey(self.reader, order)
        return self

    def open(self, url: str = Page.LOGIN) -> Self:
        return self._go(do="open", url=url)

    def fill(self, at: str, text: str) -> Self:
        return self._go(do="fill", at=at, text=text)

    def press(self, at: str = "button.main") -> Self:
        return self._go(do="click", at=at)

    def value(self, at: str) -> str:
        return str(obey(self.reader, {"do": "value", "at": at})["value"])

    def cookies(self) -> dict[str, str]:
        return dict(self.reader.kept())

    def keep_cookie(self, name: str, value: str) -> None:
        self.reader.kept()[name] = value

    def close(self) -> None: ...
