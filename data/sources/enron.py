"""The Enron e-mails: what their senders wrote themselves, without quoted mail, headers and signatures."""

import re

from data.cleaning import Limits
from data.sources.public import PublicCorpus

_TIME = r"\d\d?/\d\d?/\d{2,4} \d\d?:\d\d(?::\d\d)? [AP]M"
_QUOTED_FROM_HERE = re.compile(
    r"^[ \t>]*(?:-{2,}[ \t]*(?:Original Message|Forwarded by|Inline attachment|Begin forwarded).*"
    r"|[_*]{10,}[ \t]*"
    r"|Begin forwarded message:.*"
    r"|On .{5,120} wrote:[ \t]*"
    rf"|\S.{{1,80}} on {_TIME}[ \t]*"
    rf"|\S.{{1,80}}\n[ \t]*{_TIME}[ \t]*"
    r"|From:[ \t].*\n[ \t>]*(?:To|Sent|Date|Subject|Cc):.*"
    r"|To:[ \t].*\n[ \t>]*(?:cc|Subject):.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_QUOTED_LINE = re.compile(r"^[ \t]*>.*$\n?", re.MULTILINE)
_SIGNATURE = re.compile(r"^--[ \t]*$", re.MULTILINE)
_CONTACT = re.compile(
    r"[\w.+-]+@[\w.-]+|https?://|www\.|(?:\d[\s().-]*){7,}|\b(?:phone|fax|tel|cell|pager)\b", re.IGNORECASE
)
_COMPANY = re.compile(
    r"\b(?:Enron|Corp|Inc|LLC|L\.P)\b|\b(?:Street|Smith St|EB ?\d{3,4})\b|^[\w ,.-]+, [A-Z]{2} +\d{5}", re.IGNORECASE
)
_SIGNATURE_LINES = 8
"""A signature is looked for in at most this many last lines."""


def tidy(author: str, text: str) -> str:
    """Keeps what the sender wrote: cuts at the first quoted or forwarded mail, then drops `>` lines and the signature.

    A signature is what follows a line of two hyphens, and the last lines that hold only the sender's name, a way of
    contact, or the company and its address. A parting formula ("Thanks,") is style and stays.
    """
    text = text.replace("\r\n", "\n").replace("\xa0", " ")
    for mark in (_QUOTED_FROM_HERE, _SIGNATURE):
        found = mark.search(text)
        text = text[: found.start()] if found else text
    lines = _QUOTED_LINE.sub("", text).strip().split("\n")
    names = _name_words(author)
    for _ in range(_SIGNATURE_LINES):
        if len(lines) < 2 or not _signs(lines[-1], names):
            break
        lines.pop()
    return "\n".join(line.rstrip() for line in lines).strip()


def _name_words(author: str) -> frozenset[str]:
    return frozenset(word.lower() for word in re.findall(r"[A-Za-z]+", author.partition("@")[0]) if len(word) > 1)


def _signs(line: str, names: frozenset[str]) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Za-z]+", line)]
    if not line.strip():
        return True
    if len(words) <= 4 and words and all(word in names or len(word) == 1 for word in words):
        return True
    if len(words) > 6 or line.rstrip().endswith((".", "?", "!")):
        return False
    return bool(_CONTACT.search(line) or _COMPANY.search(line))


ENRON = PublicCorpus(
    name="enron",
    hub_id="ilhamxx/enron_mails",
    licence="public record (FERC release); treat as personal data",
    domain="email",
    columns={
        "author": ("sender", "from", "x-from", "author"),
        "text": ("body", "content", "message", "text", "mail", "email"),
    },
    tidy=tidy,
    limits=Limits(min_texts=15, max_authors=60, max_texts=60, min_words=30),
)
