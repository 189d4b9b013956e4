"""Reports from outside as tests bring them in: the shipped town, a hub that has its doors open, who may knock."""

import xml.etree.ElementTree as ET
from functools import cache
from typing import Any

import httpx
import msgspec

from tests.hub.consoles import NOW, Bench, Console
from tests.hub.served import Hands, Served
from zjj_console.domain.model import Case
from zjj_console.domain.outside import Outside
from zjj_console.hub.inbound_setup import Inbound, Open311
from zjj_console.hub.order import append
from zjj_console.hub.reports import Landed, Reported, Rules
from zjj_console.hub.tables import EVENT
from zjj_console.hub.weigh import Memory, folded
from zjj_console.town.load import builtin, load_town

DOORS = Inbound(Open311("示例镇城运中心", "向镇中心申请"))
WHOLE = Outside("wechat", "m-1", "大新街路灯不亮，㙟字在此", reporter="来人", phone="021-0000-0000")


@cache
def rules() -> Rules:
    return Rules(load_town(builtin()))


def bring(bench: Bench, *reports: Reported | Outside) -> list[Landed]:
    """All of them in one transaction."""
    made = [rules().reported(one) if isinstance(one, Outside) else one for one in reports]
    return append(bench.store, Memory(), made, lambda: bench.now)  # type: ignore[return-value]


def case_of(bench: Bench, case_id: str) -> Case:
    """The case as the order makes it."""
    with bench.store.reading() as db:
        found = folded(db, [case_id])[case_id]
    assert found is not None
    return msgspec.convert(msgspec.to_builtins(found), Case)


def bodies(bench: Bench) -> list[bytes]:
    return [
        bytes(row[0]) for row in bench.rows(EVENT.select().with_only_columns(EVENT.c.body).order_by(EVENT.c.hub_seq))
    ]


class Town:
    """A hub with open doors on SQLite and clocks that stand, and a sender with its key."""

    def __init__(self, url: str, doors: Inbound = DOORS) -> None:
        self.bench, self.hands = Bench(url), Hands(NOW)
        self.served = Served(self.bench.store, hands=self.hands, rules=rules(), inbound=doors)
        self.sender = self.bench.console("gateway")
        self.http, self.key = self.served.http, self.sender.token

    def close(self) -> None:
        self.served.stop()
        self.bench.store.close()

    def post(self, form: str = "json", key: str | None = None, **fields: Any) -> Any:
        given = {
            "api_key": self.key if key is None else key,
            "service_code": "ldbl",
            "address_string": "大新街12号",
            **fields,
        }
        return self.http.post(f"/open311/v2/requests.{form}", data={k: v for k, v in given.items() if v is not None})

    def get(self, path: str, key: str | None = None, **query: Any) -> Any:
        return self.http.get(f"/open311/v2/{path}", params={"api_key": self.key if key is None else key, **query})

    def case(self, number: str) -> Case:
        from zjj_console.domain.ids import named, outside_key

        return case_of(self.bench, named(outside_key("open311", number)))

    def act(self, console: Console, case_id: str, kind: str = "corrected", **new: Any) -> None:
        """A change that a desk made and pushed."""
        case = msgspec.to_builtins(case_of(self.bench, case_id))
        self.bench.push(console, console.change(case_id, {name: case[name] for name in new}, new, kind))


def refused(answer: httpx.Response, status: int, about: str = "") -> str:
    """The standard's error, in the format that was asked for; its words."""
    if answer.headers["content-type"].startswith("text/xml"):
        root = ET.fromstring(answer.content)
        assert root.tag == "errors" and [one.tag for one in root] == ["error"]
        found = {one.tag: one.text for one in root[0]}
    else:
        (found,) = answer.json()
    assert set(found) == {"code", "description"} and int(found["code"]) == answer.status_code == status, answer.text
    assert about in found["description"], found
    return found["description"]


def rows_of(answer: httpx.Response, root: str, child: str) -> list[dict[str, str | None]]:
    """An XML document of like children, its shape checked: declaration, encoding, no attribute, no namespace, no depth."""
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    tree = ET.fromstring(answer.content)
    assert tree.tag == root and {one.tag for one in tree} <= {child}
    assert not any(one.attrib or one.tag.startswith("{") for one in tree.iter())
    assert all(not len(field) for one in tree for field in one)
    return [{field.tag: field.text for field in one} for one in tree]
