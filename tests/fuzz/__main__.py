"""`python -m tests.fuzz readers --seconds 200`: coverage-guided fuzzing of one target; `make fuzz` runs all, in turns.

Needs atheris, which is no dependency of ours. What is found is written beside the corpus as `crash-...`; `--replay FILE` runs it again.
"""

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

TARGETS = ("readers", "lines", "rows")


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("target", choices=TARGETS)
    wanted.add_argument("--seconds", type=int, default=200)
    wanted.add_argument("--corpus", type=Path, help="a folder that is read and added to; default: a temporary one")
    wanted.add_argument("--replay", type=Path, nargs="*", default=[])
    chosen = wanted.parse_args()
    if chosen.replay:
        target = importlib.import_module(f"tests.fuzz.{chosen.target}")
        for path in chosen.replay:
            target.one(path.read_bytes())
        return
    import atheris

    with atheris.instrument_imports(include=["zjj_console", "openpyxl"]):
        target = importlib.import_module(f"tests.fuzz.{chosen.target}")
        target.prepare()
    folder = chosen.corpus or Path(tempfile.mkdtemp(prefix="zjj-fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    for n, data in enumerate(target.corpus()):
        (folder / f"seed-{n}").write_bytes(data)
    words = folder.with_name(f"{folder.name}.dict")
    spelled = ("".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogatepass")) for word in target.words())
    words.write_text("\n".join(f'"{word}"' for word in dict.fromkeys(spelled)))
    options = {"max_total_time": chosen.seconds, "dict": words, "max_len": 4096, "timeout": 25, "rss_limit_mb": 3000, "print_final_stats": 1, "len_control": 20,
               "artifact_prefix": f"{folder}/", "verbosity": 1}  # fmt: skip
    atheris.Setup([sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(folder)], target.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
