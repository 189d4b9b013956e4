"""An officer at a desk, as a process that may be killed at any moment: does something, and says when it is saved.

`python -m tests.sync.officer DATABASE WORK_NO SEED SKEW_SECONDS PAUSE` writes one line for every event that the desk has acknowledged.
"""

import random
import sys
import time
from pathlib import Path

from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.storage.db import StorageError
from zjj_console.town.load import builtin, load_town

ACTS = ("sl {}", "pd {} cg", "pd {} sc", "qs {}", "bz {} 示例备注", "tj {} 1", "hc {} y", "gp {} gbb r2", "db {} 2d", "sj {}",
        "td {} 1", "gz {}", "th {} 1")  # fmt: skip
NEW = ("xj dhj js 3", "xj zmc zy 2", "xj dhj xf 4 110")
DUTY = ("qd", "qt")


def main(path: str, work_no: str, seed: str, skew: str, pause: str) -> None:
    town = load_town(builtin())
    ahead = int(float(skew) * 1_000_000)
    desk = Desk(Path(path), town, actor_of(town, work_no, trial=True), lambda: time.time_ns() // 1000 + ahead)
    chance = random.Random(int(seed))
    last = 0
    own = "SELECT lseq, id FROM event WHERE lseq > ? AND device = (SELECT v FROM meta WHERE k = 'device') ORDER BY lseq"
    while True:
        cases = [row[0] for row in desk.reader.execute("SELECT id FROM case_row ORDER BY rid DESC LIMIT 12")]
        case = chance.choice(cases) if cases and chance.random() < 0.8 else ""
        line = chance.choice(ACTS).format("") if case else chance.choice(NEW + DUTY)
        try:
            done = desk.run_line(line, case, confirmed=True)
        except StorageError as error:  # busy: an officer would press again
            assert error.code == 10, error
            continue
        if done.ok:
            rows = desk.reader.execute(own, (last,)).fetchall()
            for last, event_id in rows:  # noqa: B007
                sys.stdout.write(f"{event_id}\n")
            sys.stdout.flush()
        time.sleep(chance.random() * float(pause))


if __name__ == "__main__":
    main(*sys.argv[1:])
