"""The Blog Authorship Corpus: posts of 19,320 bloggers of 2004, one CSV with an author id a row."""

import html
import re

from data.cleaning import Limits
from data.sources.public import PublicCorpus


def tidy(author: str, text: str) -> str:
    """Removes the corpus's stand-ins for links, decodes HTML entities and closes up runs of blanks."""
    text = html.unescape(text).replace("\xa0", " ")
    text = re.sub(r"\burl[Ll]ink\b", "", text)
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]{2,}", " ", text)).strip()


BLOGS = PublicCorpus(
    name="blogs",
    hub_id="tasksource/blog_authorship_corpus",
    licence="non-commercial research only (Schler et al. 2006)",
    domain="blog",
    columns={"author": ("id", "author", "author_id", "blogger"), "text": ("text", "post", "content", "body")},
    attributes=("gender", "age", "topic", "sign"),
    tidy=tidy,
    limits=Limits(min_texts=15, max_authors=60, max_texts=60, min_words=50),
)
