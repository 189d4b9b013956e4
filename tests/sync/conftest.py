"""The PostgreSQL of the hub's tests is there for those of the exchange too."""

from tests.hub.conftest import pg as pg
