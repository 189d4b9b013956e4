"""A telephone line between a console and its hub: a TCP relay whose state a test sets while bytes go through it."""

import selectors
import socket
import threading
import time

STATES = ("whole", "refused", "silent", "slow", "cut")


class Line:
    """`state`: whole | refused (nobody answers the port's calls) | silent (packets go nowhere) | slow | cut (breaks midway)."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target, self.state = target, "whole"
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(0.2)
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.closed = False
        self._threads = [threading.Thread(target=self._answer, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self.closed = True
        self.server.close()

    def _answer(self) -> None:
        while not self.closed:
            try:
                came, _ = self.server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if self.state == "refused":
                came.close()
                continue
            threading.Thread(target=self._relay, args=(came,), daemon=True).start()

    def _relay(self, came: socket.socket) -> None:
        try:
            out = socket.create_connection(self.target, 2)
        except OSError:
            came.close()
            return
        carried = 0
        with selectors.DefaultSelector() as both, came, out:
            for one, other in ((came, out), (out, came)):
                both.register(one, selectors.EVENT_READ, other)
            while not self.closed and self.state != "refused":
                for key, _ in both.select(0.1):
                    state = self.state
                    if state == "silent":
                        time.sleep(0.05)
                        continue
                    try:
                        got = key.fileobj.recv(1 << 14)  # type: ignore[union-attr]
                        if not got:
                            return
                        carried += len(got)
                        if state == "slow":
                            time.sleep(0.05)
                        if state == "cut" and carried > 700:
                            return
                        key.data.sendall(got)
                    except OSError:
                        return
