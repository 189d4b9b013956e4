"""A document as one self-contained HTML page for the printer: no script, no picture, nothing fetched."""

from functools import cache
from typing import TYPE_CHECKING

from zjj_console.reports.document import Document

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # only a page pays for it, not every start

    loader = PackageLoader("zjj_console.reports")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("document.html")


def render(document: Document) -> str:
    """The page; whatever stands in the record is text in it, never markup."""
    return _template().render(document=document) + "\n"
