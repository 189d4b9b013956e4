"""The words of the interface. Chinese is the source and the key; `en.toml` holds the English for every key."""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

LANGUAGES = ("zh", "en")
Teller = Callable[[str], str]
_words: dict[str, str] = {}


@cache
def _table(lang: str) -> dict[str, str]:
    if lang not in LANGUAGES:
        raise ValueError(f"no words in {lang!r}; known: {', '.join(LANGUAGES)}")
    if lang == "zh":
        return {}
    return tomllib.loads(Path(__file__).with_name(f"{lang}.toml").read_text(encoding="utf-8"))


def set_lang(lang: str) -> None:
    """Choose the language of all later words of this process. Raises ValueError for one that there is no table of."""
    table = _table(lang)
    _words.clear()
    _words.update(table)


def teller(lang: str) -> Teller:
    """The words of one language, whatever the process speaks; unknown texts stay Chinese."""
    table = _table(lang)
    return lambda zh: table.get(zh, zh)


def t(zh: str, **values: object) -> str:
    """The words for a Chinese source text, with `{name}` places filled. Unknown texts stay Chinese."""
    text = _words.get(zh, zh)
    return text.format(**values) if values else text


def english() -> bool:
    return bool(_words)
