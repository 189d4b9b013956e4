"""Fill the pinyin columns (py, core, alt) of a profile's lists. Run once after names change; needs `pypinyin`.

    python tools/build_pinyin.py zjj_console/fixtures/zhujiajiao [--all]

Only blank `py` cells are filled, so that readings corrected by hand stay; `--all` writes every row anew.
"""

import argparse
import csv
import re
from pathlib import Path

from pypinyin import Style, lazy_pinyin

# A curated list: with every reading of the dictionary, a query finds far too much.
OTHER_READINGS = {"沈": "chen", "圩": "xu", "巷": "hang", "角": "jue", "长": "zhang", "重": "chong", "单": "shan"}
# Readings that a word list gets wrong for names of places and offices.
FIXED = {
    "沈": "shen",
    "圩": "wei",
    "巷": "xiang",
    "埭": "dai",
    "泖": "mao",
    "长": "chang",
    "单": "dan",
    "卜": "bu",
    "朝": "chao",
}
SUFFIXES = {
    "committees.csv": ("社区", "村", "街"),
    "units.csv": ("中队", "队", "所", "办", "站"),
}


def reading(name: str) -> list[str]:
    """One syllable per character; digits and letters of a name stay as they are, in lower case."""
    syllables: list[str] = []
    for run in re.findall(r"[\u4e00-\u9fff]+|[0-9A-Za-z]", name):
        if run[0] >= "\u4e00":
            spoken = lazy_pinyin(run, style=Style.NORMAL, v_to_u=False)
            syllables += [FIXED.get(char, syllable) for char, syllable in zip(run, spoken, strict=True)]
        else:
            syllables.append(run.lower())
    return syllables


def core_length(name: str, suffixes: tuple[str, ...]) -> int:
    """Length of the name without its kind word; 0 if there is none or fewer than two characters would stay."""
    for suffix in suffixes:
        if name.endswith(suffix):
            kept = len(name) - len(suffix)
            return kept if kept >= 2 else 0
    return 0


def other(name: str, syllables: list[str]) -> str:
    changed = [OTHER_READINGS.get(char, syllable) for char, syllable in zip(name, syllables, strict=True)]
    return "" if changed == syllables else "'".join(changed)


def fill(path: Path, everything: bool) -> int:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    changed = 0
    for row in rows:
        if row["py"] and not everything:
            continue
        name = "".join(re.findall(r"[\u4e00-\u9fff0-9A-Za-z]", row["name"]))
        syllables = reading(name)
        row["py"] = " ".join(syllables)
        if "core" in columns:
            row["core"] = str(core_length(name, SUFFIXES.get(path.name, ())))
        if "alt" in columns:
            row["alt"] = other(name, syllables)
        changed += 1
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="also rows that have a reading already")
    args = parser.parse_args()
    for name in ("units.csv", "committees.csv", "people.csv", "categories.csv"):
        print(f"{name}: {fill(args.folder / name, args.all)} rows")


if __name__ == "__main__":
    main()
