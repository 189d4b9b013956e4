"""The words of the interface. Chinese is the source and the key; `en.toml` holds the English for every key."""

import tomllib
from importlib import resources

LANGUAGES = ("zh", "en")
_words: dict[str, str] = {}


def set_lang(lang: str) -> None:
    """Choose the language of all later words. Raises ValueError for one that there is no table of."""
    if lang not in LANGUAGES:
        raise ValueError(f"no words in {lang!r}; known: {', '.join(LANGUAGES)}")
    _words.clear()
    if lang != "zh":
        table = resources.files(__package__).joinpath(f"{lang}.toml").read_text(encoding="utf-8")
        _words.update(tomllib.loads(table))


def t(zh: str, **values: object) -> str:
    """The words for a Chinese source text, with `{name}` places filled. Unknown texts stay Chinese."""
    text = _words.get(zh, zh)
    return text.format(**values) if values else text


def english() -> bool:
    return bool(_words)
