"""The hub as a process: uvicorn on a port until TERM or INT, and then an orderly end."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from zjj_console.hub.inbound_setup import Inbound
from zjj_console.hub.reports import Rules
from zjj_console.hub.service import Hub
from zjj_console.hub.store import Store
from zjj_console.hub.web import create_app

_GRACE = 10  # seconds for requests under way


class _Server(uvicorn.Server):
    """Ends with 0 on TERM, and wakes the pulls that wait, so that they do not hold the end up."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self.hub = hub

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        caught = (signal.SIGTERM, signal.SIGINT)
        for number in caught:
            loop.add_signal_handler(number, self.finish)
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)

    def finish(self) -> None:
        self.should_exit = True
        self.hub.bell.close()


def serve(
    store: Store, host: str, port: int, *, cert: Path | None = None, key: Path | None = None, proxy: bool = False,
    rules: Rules | None = None, inbound: Inbound | None = None,
) -> bool:  # fmt: skip
    """Serve until told to end; False where the port could not be had."""

    async def living() -> bool:
        hub = Hub(store)
        config = uvicorn.Config(
            create_app(hub, rules, inbound), host=host, port=port, ssl_certfile=cert, ssl_keyfile=key, access_log=False,
            log_level="warning", server_header=False, proxy_headers=proxy, timeout_keep_alive=30,
            timeout_graceful_shutdown=_GRACE, lifespan="on", ws="none",
        )  # fmt: skip
        server = _Server(config, hub)
        hub.diary.write("serving", host=host, port=port, tls=cert is not None, at=hub.clock())
        try:
            await server.serve()
        except (SystemExit, OSError):  # uvicorn's ways to say that the port is taken, or that the certificate is none
            return False
        hub.diary.write("ended", at=hub.clock())
        return server.started

    try:
        return asyncio.run(living())
    finally:
        store.close()
