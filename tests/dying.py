"""A process that dies before a chosen statement, for the tests of what it leaves behind."""

import os

KILLED = 9


class Fatal:
    """A connection whose process ends before statement number `left`, counted from the first; 0 only counts them."""

    def __init__(self, db, left):
        self._db, self._left, self.count = db, left, 0

    def __getattr__(self, name):
        return getattr(self._db, name)

    def _step(self):
        self.count += 1
        if self.count == self._left:
            os._exit(KILLED)

    def execute(self, *args):
        self._step()
        return self._db.execute(*args)

    def executemany(self, *args):
        self._step()
        return self._db.executemany(*args)
