"""`python -m tests.bench [name ...] [--plot]`: print every figure as a ratio to its peer."""

import sys

from tests.bench import dispatch, duty, growth, hub, idle, imports, map, screen, search, startup, sweep, sync

BENCHES = {
    "import": imports.run,
    "search": search.run,
    "startup": startup.run,
    "keys": screen.run,
    "dispatch": dispatch.run,
    "idle": idle.run,
    "duty": duty.run,
    "sweep": sweep.run,
    "map": map.run,
    "hub": hub.run,
    "sync": sync.run,
    "growth": growth.run,
}


def main() -> None:
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")] or list(BENCHES)
    for name in wanted:
        for figure in BENCHES[name]():
            print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
