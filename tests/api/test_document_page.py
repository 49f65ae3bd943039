"""The interface as a page: whole, without scripts, with every text as text."""

import re
from html.parser import HTMLParser

from api.document import make_document
from api.document_page import make_page
from api.routes import ROUTES
from tests.api.city import City


class Anchors(HTMLParser):
    """Where links lead and what has an id; which elements there are."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids += [value for name, value in attributes if name == "id" and value]
        self.links += [value for name, value in attributes if name == "href" and value]


async def test_the_page_is_served_under_a_policy_that_lets_nothing_in(city: City) -> None:
    """Only its own style, by hash; nobody frames it."""
    async with city.client.get("/docs") as answer:
        page = await answer.text()
        assert (answer.status, answer.content_type) == (200, "text/html")
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in page.lower().replace("description", "")
    assert len(page.encode()) < 300_000


def test_every_endpoint_and_every_schema_stand_in_it_once_and_no_link_leads_nowhere() -> None:
    """Whoever reads it finds what the document has."""
    document = make_document("1")
    page = Anchors()
    page.feed(make_page(document))
    operations = [one["operationId"] for verbs in document["paths"].values() for one in verbs.values()]
    assert len(operations) == len(ROUTES)
    wanted = {*operations, *(f"schema-{name}" for name in document["components"]["schemas"])}
    assert wanted <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    inner = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert inner <= set(page.ids)
    assert not page.tags & {"script", "img", "iframe", "form"}


def test_texts_are_texts() -> None:
    """A summary with angle brackets is no element."""
    document = make_document("1")
    document["info"]["title"] = "<b>热线</b>"
    assert "&lt;b&gt;热线" in make_page(document)
    assert not re.search(r"<b>热线", make_page(document))
