"""`python -m tests.bench [name ...]`: print every figure as a ratio to its peer."""

import sys

from tests.bench import dispatch, duty, hub, idle, imports, map, screen, startup, sweep, sync

BENCHES = {
    "import": imports.run,
    "startup": startup.run,
    "keys": screen.run,
    "dispatch": dispatch.run,
    "idle": idle.run,
    "duty": duty.run,
    "sweep": sweep.run,
    "map": map.run,
    "hub": hub.run,
    "sync": sync.run,
}


def main() -> None:
    wanted = sys.argv[1:] or list(BENCHES)
    for name in wanted:
        for figure in BENCHES[name]():
            print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
