"""Open311 GeoReport v2 at the hub: clients that are not ours, both formats, who may do what, and what comes in that is none."""

import base64
import json
import re
import xml.etree.ElementTree as ET

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from tests.hub.consoles import NOW
from tests.hub.reports import DOORS, Town, bodies, bring, rules
from tests.hub.served import Process, bearer, free_port
from zjj_console.domain.model import DAY
from zjj_console.domain.outside import Outside
from zjj_console.hub import doors, georeport, limits
from zjj_console.hub.tables import DEVICE, EVENT, INBOUND
from zjj_console.hub.verify import verify

REQUEST = {"service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible",
           "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode",
           "lat", "long", "media_url"}  # fmt: skip
PERSON = {"first_name": "三", "last_name": "张", "email": "zs@example.gov", "phone": "13800001234", "device_id": "dev-77",
          "account_id": "acc-88"}  # fmt: skip
W3 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


@pytest.fixture
def town(tmp_path):
    made = Town(f"sqlite:///{tmp_path / 'hub.db'}")
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgres"])
def any_town(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'hub.db'}" if request.param == "sqlite" else request.getfixturevalue("pg").database()
    made = Town(url)
    yield made
    made.close()


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


# clients that are not ours --------------------------------------------------------------------------------------------
def test_a_client_that_is_not_ours_reports_and_follows(any_town):
    from civicbot import HttpError, HttpTransport, Open311Client
    from civicbot.http import RateLimiter
    from civicbot.registry import Endpoint

    class Keyed(HttpTransport):
        def get_json(self, url, params=None, headers=None):
            return super().get_json(url, params, {**(headers or {}), **bearer(any_town.key)})

    where = Endpoint("zjj", "town", f"{any_town.served.url}/open311/v2", write=True)
    client = Open311Client(where, Keyed(rate_limiter=RateLimiter(0)), jurisdiction_id="zjj")
    assert {s["service_code"] for s in client.list_services()} == set(rules().town.categories)
    assert client.get_service_definition("ldbl") == {"service_code": "ldbl", "attributes": []}
    sent = client.create_request(
        "ldbl", dry_run=False, confirm="SEND", api_key=any_town.key, validate_remote=True, lat=31.11, lng=121.05,
        address_string="大新街12号", description="路灯不亮\n㙟字在此", first_name="三", last_name="张", phone="13800001234",
    )  # fmt: skip
    number = sent.response[0]["service_request_id"]
    case = any_town.case(number)
    assert (case.text, case.place, case.committee, case.category) == (
        "路灯不亮 㙟字在此",
        "大新街12号",
        "310118102001",
        "ldbl",
    )
    assert (case.lat, case.lon, case.reporter, case.phone) == (31_110_000, 121_050_000, "张三", "13800001234")
    assert (case.source, case.external_id, case.missing) == ("open311", number, ())
    assert sent.response[0]["service_notice"] == f"已收到，案号 {case.number}"
    followed = client.get_request(number)
    assert set(followed) == REQUEST and followed["status"] == "open" and followed["description"] == case.text
    assert client.list_requests(status="open") == [followed] == client.list_requests(service_request_ids=[number])
    assert client.list_requests(status="closed") == [] and client.get_token(number) == [
        {"service_request_id": number, "token": number}
    ]
    with pytest.raises(HttpError, match="404"):
        client.get_request("nobody")
    with any_town.bench.store.reading() as db:
        assert verify(db).bad is None


def test_another_client_follows_in_both_formats_with_the_key_in_its_address(town, monkeypatch):
    from georeport import GeoReport

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    number = town.post(description="路灯不亮 <b>&", lat="31.11", long="121.05").json()[0]["service_request_id"]
    address = f"http://open311:{town.key}@{town.served.url.removeprefix('http://')}/open311/v2"
    told = {}
    for form in ("json", "xml"):
        client = GeoReport(address, "zjj", output_format=form)
        assert len(client.get_service_list()) == len(rules().town.categories)
        assert client.get_service_definition("ldbl")["service_code"] == "ldbl"
        told[form] = client.get_service_request(number)
    as_xml = {k: None if v is None else str(v) for k, v in told["json"].items()}
    assert as_xml == told["xml"] and told["xml"]["description"] == "路灯不亮 <b>&"


# what is told ---------------------------------------------------------------------------------------------------------
def test_every_document_has_the_standards_shape_and_says_the_same_in_both_formats(town):
    number = town.post("xml", description="路灯不亮 <b>&", lat=31.11, long=121.05, **PERSON)
    (made,) = rows_of(number, "service_requests", "request")
    assert set(made) == {"service_request_id", "service_notice", "account_id"}
    for path, root, child in (
        ("services", "services", "service"), ("requests", "service_requests", "request"),
        (f"requests/{made['service_request_id']}", "service_requests", "request"),
        (f"tokens/{made['service_request_id']}", "service_requests", "request"),
    ):  # fmt: skip
        as_json = town.get(f"{path}.json")
        assert as_json.headers["content-type"] == "application/json; charset=utf-8"
        plain = [
            {k: v if v is None or isinstance(v, str) else json.dumps(v) for k, v in one.items()}
            for one in as_json.json()
        ]
        assert rows_of(town.get(f"{path}.xml"), root, child) == plain
    (shown,) = town.get("requests.json").json()
    assert set(shown) == REQUEST and (shown["lat"], shown["long"]) == (31.11, 121.05)
    assert W3.fullmatch(shown["requested_datetime"]) and shown["requested_datetime"].endswith("+08:00")
    service = next(s for s in town.get("services.json").json() if s["service_code"] == "ldbl")
    assert service == {"service_code": "ldbl", "service_name": "路灯不亮", "description": "路灯不亮", "metadata": False,
                       "type": "realtime", "keywords": "路灯不亮, Street light out, 设施管理", "group": "设施管理"}  # fmt: skip
    definition = ET.fromstring(town.get("services/ldbl.xml").content)
    assert [(one.tag, one.text, len(one)) for one in definition] == [
        ("service_code", "ldbl", 0),
        ("attributes", None, 0),
    ]


def test_discovery_says_where_and_in_which_formats(town):
    told = town.get("discovery.json", key="").json()
    (endpoint,) = told["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2" and endpoint["type"] == "production"
    assert endpoint["url"] == f"{town.served.url}/open311/v2" and set(endpoint["formats"]) == {
        "text/xml",
        "application/json",
    }
    assert (
        told["contact"] == DOORS.open311.contact and told["key_service"] and told["changeset"] == endpoint["changeset"]
    )
    tree = ET.fromstring(town.get("discovery.xml", key="").content)
    assert [one.text for one in tree.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]


def test_nobody_can_be_read_out_of_it(town):
    number = town.post(description="我的电话 13800001234，路灯不亮", **PERSON).json()[0]["service_request_id"]
    case = town.case(number)
    assert case.reporter == "张三 zs@example.gov" and case.phone == PERSON["phone"] and "13800001234" in case.text
    shown = "".join(town.get(f"requests{path}.{form}").text for path in ("", f"/{number}") for form in ("json", "xml"))
    diary = "".join(town.served.lines) + town.http.get("/metrics").text
    for hidden in ("13800001234", "张三", "张", "zs@example.gov", "dev-77", "acc-88", town.key):
        assert hidden not in shown and hidden not in diary, hidden
    assert "dev-77" not in b"".join(bodies(town.bench)).decode()
    assert 'zjj_hub_reports_total{source="open311"} 1' in diary and '"path": "/open311/v2/requests.{form}"' in diary


def test_a_request_follows_its_case(town):
    number = town.post().json()[0]["service_request_id"]
    desk, case_id = town.bench.console(), town.case(number).id
    begun = town.get(f"requests/{number}.json").json()[0]
    assert (begun["status"], begun["status_notes"], begun["expected_datetime"]) == ("open", "待受理", None)
    town.bench.now += DAY
    town.act(desk, case_id, state="DISPATCHED", lead="cg", due_final=NOW + 2 * DAY, category="ld")
    moved = town.get(f"requests/{number}.json").json()[0]
    assert moved["agency_responsible"] == rules().town.units["cg"].name and moved["service_code"] == "ld"
    assert moved["status_notes"] != begun["status_notes"] and moved["expected_datetime"].startswith("2021-03-03")
    assert (
        moved["updated_datetime"]
        > begun["updated_datetime"]
        == begun["requested_datetime"]
        == moved["requested_datetime"]
    )
    town.act(desk, case_id, state="CLOSED", closed_at=NOW + 3 * DAY, result_text="内部话")
    ended = town.get(f"requests/{number}.json")
    assert ended.json()[0]["status"] == "closed" and ended.json()[0]["updated_datetime"].startswith("2021-03-04")
    assert "内部话" not in ended.text
    assert (
        town.get("requests.json", status="open").json() == []
        and len(town.get("requests.json", status="closed,open").json()) == 1
    )


def test_what_a_desk_adds_to_the_words_of_a_report_or_writes_instead_stays_inside(town):
    number = town.post(description="路灯不亮").json()[0]["service_request_id"]
    desk, case = town.bench.console(), town.case(number)
    town.act(desk, case.id, text=f"{case.text} 住户王某，三楼")
    assert town.get(f"requests/{number}.json").json()[0]["description"] == case.text == "路灯不亮"
    town.act(desk, case.id, text="灯")
    assert town.get(f"requests/{number}.json").json()[0]["description"] == ""


def test_only_what_came_in_by_this_door_is_shown(town):
    bring(town.bench, Outside("wechat", "m-1", "路灯不亮"))
    desk = town.bench.console()
    town.bench.push(desk, desk.event("reported", "case-1", {"set": {"text": "x"}, "was": {}}))
    assert town.get("requests.json").json() == [] and town.get("requests.json", service_request_id="m-1").json() == []
    refused(town.get("requests/m-1.json"), 404) and refused(town.get("tokens/case-1.xml"), 404)


def test_requests_are_found_by_number_service_date_and_status_within_the_limits(town, monkeypatch):
    monkeypatch.setattr("zjj_console.hub.open311._PAGE", 2)
    numbers = []
    for code, day in (("ldbl", 0), ("ld", 10), ("ldbl", 50), ("ldbl", 100), ("ld", 100)):
        town.hands.now = NOW + day * DAY
        numbers.append(town.post(service_code=code).json()[0]["service_request_id"])

    def found(**query):
        return [numbers.index(one["service_request_id"]) for one in town.get("requests.json", **query).json()]

    assert set(found()[:2]) == {3, 4} and found()[2:] == [2, 1], "the last 90 days, the newest first"
    assert sorted(found(start_date="2021-02-01T00:00:00Z")) == [0, 1, 2], "90 days from there"
    assert sorted(found(end_date="2021-03-31T00:00:00+08:00")) == [0, 1]
    assert found(start_date="2021-03-11T00:00:00Z", end_date="2021-03-12T00:00:00Z") == [1]
    assert sorted(found(service_code="ld")) == [1, 4] and sorted(found(service_code="ld,ldbl,none")) == [1, 2, 3, 4]
    assert sorted(found(service_request_id=f"{numbers[0]},{numbers[4]},x", status="closed")) == [0, 4], (
        "overrides all other"
    )
    assert found(status="closed") == []
    monkeypatch.setattr(georeport, "MAX_ROWS", 3)
    assert len(found()) == 3
    for wrong in ({"start_date": "2021-01-01T00:00:00Z", "end_date": "2021-06-01T00:00:00Z"}, {"start_date": "2021-01-01"},
                  {"end_date": "soon"}, {"status": "done"}, {"start_date": "9999-12-31T23:59:59-23:00"},
                  {"service_request_id": "a,b,c,d"}):  # fmt: skip
        refused(town.get("requests.json", **wrong), 400)
    assert town.get("requests.json", start_date="", status="", service_code="").status_code == 200, (
        "an empty one is not given"
    )


# who may --------------------------------------------------------------------------------------------------------------
GUARDED = [("POST", "requests.json"), ("POST", "requests.xml"), ("GET", "requests.json"), ("GET", "requests.xml"),
           ("GET", "requests/x.json"), ("GET", "requests/x.xml"), ("GET", "tokens/x.json"), ("GET", "tokens/x.xml")]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_every_address_but_discovery_and_services_wants_the_key_of_a_gateway(town, method, path):
    form = {"service_code": "ldbl", "address_string": "大新街"}

    def ask(key=None, headers=None):
        given = {"api_key": key} if key else {}
        data = {"data": {**form, **given}} if method == "POST" else {"params": given}
        return town.http.request(method, f"/open311/v2/{path}", headers=headers or {}, **data)

    gone, reader, console = (town.bench.console(role) for role in ("gateway", "reader", "console"))
    town.bench.store.writing(lambda db: doors.revoke(db, gone.device, NOW))
    for key in (None, "x", "x" * 43, town.key[:-1], town.key + "x", "\0" * 43, "钥" * 43, "x" * 5000):
        refused(ask(key), 403)
    for header in ("Bearer x", f"Bearer {'x' * 43}", f"Basic {town.key}", "Basic !", f"Basic {base64.b64encode(b'a:' + b'x' * 43).decode()}"):  # fmt: skip
        refused(ask(headers={"authorization": header}), 403)
    ended = town.bench.console("gateway")
    town.bench.store.writing(
        lambda db: db.execute(update(DEVICE).where(DEVICE.c.id == ended.device).values(expires=NOW))
    )
    for who in (gone, ended, reader, console):
        refused(ask(who.token), 403)
    right = 200 if path.startswith("requests.") else 404
    basic = base64.b64encode(f"any:{town.key}".encode()).decode()
    for answer in (ask(town.key), ask(headers=bearer(town.key)), ask(headers={"authorization": f"Basic {basic}"})):
        assert answer.status_code == right, answer.text
    assert town.bench.rows(select(func.count()).select_from(EVENT)) == [(3 if method == "POST" else 0,)]


def test_a_key_that_was_renewed_is_good_and_ends_the_one_before(town):
    fresh = town.http.post("/v1/renew", headers=bearer(town.key)).json()["token"]
    assert town.post().status_code == 200 == town.post(key=fresh).status_code
    refused(town.get("requests.json"), 403)
    assert len(town.get("requests.json", key=fresh).json()) == 2


def test_the_key_of_a_sender_opens_nothing_else(town):
    for path in ("/v1/pull", "/v1/hello"):
        assert town.http.get(path, headers=bearer(town.key)).status_code == (403 if path.endswith("pull") else 200)
    assert town.http.get("/v1/hello", params={"api_key": town.key}).status_code == 401


def test_without_configuration_there_is_no_door(tmp_path):
    town = Town(f"sqlite:///{tmp_path / 'hub.db'}", doors=None)
    for path in ("discovery", "services", "requests"):
        assert town.get(f"{path}.json").status_code == 404
    assert town.post().status_code == 404
    town.close()


# what comes in --------------------------------------------------------------------------------------------------------
WRONG = [({"service_code": None}, 400, "service_code"), ({"service_code": ""}, 400, "service_code"), ({"service_code": "nope"}, 404, "nope"),
         ({"address_string": None}, 400, "address_string"), ({"address_string": " "}, 400, "address_string"),
         ({"lat": 31.1}, 400, "long"), ({"lat": "x", "long": 1}, 400, "lat"), ({"lat": "nan", "long": 1}, 400, "lat"),
         ({"lat": 91, "long": 1}, 400, "lat"), ({"lat": 1, "long": "1e400"}, 400, "lat"), ({"description": "长" * 4001}, 400, "description"),
         ({"media_url": "javascript:alert(1)"}, 400, "media_url"), ({"jurisdiction_id": "elsewhere"}, 404, "jurisdiction_id")]  # fmt: skip


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_report_that_lacks_or_breaks_something_is_refused_in_the_standards_form(town, form):
    for fields, status, about in WRONG:
        refused(town.post(form, **fields), status, about)
    for content, kind in (
        (b"{}", "application/json"),
        (b"x", "multipart/form-data; boundary=x"),
        (b"service_code=\xff\xfe", ""),
    ):
        headers = {"content-type": kind or "application/x-www-form-urlencoded"}
        refused(town.http.post(f"/open311/v2/requests.{form}", content=content, headers=headers), 400)
    refused(town.post(form, description="x" * (georeport.MAX_FORM + 1)), 413)
    refused(town.http.post(f"/open311/v2/requests.{form}", data={f"f{i}": "1" for i in range(200)}), 400)
    refused(town.get(f"services/nope.{form}"), 404) and refused(town.get(f"nothing/here.{form}"), 404)
    refused(town.get(f"services.{form}", jurisdiction_id="elsewhere"), 404)
    refused(town.http.put(f"/open311/v2/requests.{form}"), 405)
    refused(town.get("services.html"), 404)
    assert town.bench.rows(select(EVENT.c.hub_seq)) == []


def test_words_are_kept_whole_and_what_steers_a_terminal_is_not(town):
    words = "长" * 3990 + "\u202e\x1b[31m完"
    number = town.post(description=words, media_url="https://example.gov/1.jpg", address_string="=1+1 某处").json()[0]
    case = town.case(number["service_request_id"])
    assert case.text == "长" * 3990 + "完 https://example.gov/1.jpg" and case.place == "=1+1 某处"
    assert case.missing == ("committee",)
    bare = town.case(town.post(address_string=None, address_id="310118102003").json()[0]["service_request_id"])
    assert (bare.committee, bare.text, bare.missing) == ("310118102003", "路灯不亮", ("text",))
    odd = town.case(town.post(address_string=None, address_id="A-7").json()[0]["service_request_id"])
    assert (odd.place, odd.missing) == ("A-7", ("committee", "text"))


def test_every_report_is_a_new_request_and_the_same_answer_never_two(town):
    first, second = (town.post(description="同一句话").json()[0]["service_request_id"] for _ in range(2))
    assert first != second and len(town.bench.rows(select(INBOUND.c.number))) == 2


def test_whoever_asks_too_often_is_told_when_to_come_again(town):
    town.served.hub.device_rate.rate = limits.Rate(1, 3)
    answers = [town.get("services/ldbl.json", key="") for _ in range(4)]
    refused(answers[-1], 429)
    assert answers[-2].status_code == 200 and int(answers[-1].headers["retry-after"]) >= 1
    assert town.post().status_code == 200, "a sender with a key has a measure of its own"


FIELDS = st.dictionaries(
    st.sampled_from(["service_code", "lat", "long", "address_string", "address_id", "description", "phone", "media_url",
                     "first_name", "email", "api_key", "jurisdiction_id", "attribute[x]"]),
    st.text(max_size=20) | st.sampled_from(["ldbl", "31.1", "121.0", "zjj", "https://x/1"]), max_size=8,
)  # fmt: skip


@pytest.fixture(scope="module")
def open_town(tmp_path_factory):
    made = Town(f"sqlite:///{tmp_path_factory.mktemp('open311') / 'hub.db'}")
    yield made
    with made.bench.store.reading() as db:
        assert verify(db).bad is None
    made.close()


@settings(max_examples=40)
@given(fields=FIELDS, raw=st.none() | st.binary(max_size=40), form=st.sampled_from(["json", "xml"]))
def test_any_form_has_an_answer_of_the_right_shape_and_the_log_stays_whole(open_town, fields, raw, form):
    town = open_town
    town.hands.seconds += 60
    headers = {**bearer(town.key), "content-type": "application/x-www-form-urlencoded"}
    content = raw if raw is not None else httpx.QueryParams(fields).__str__().encode()
    answer = town.http.post(f"/open311/v2/requests.{form}", content=content, headers=headers)
    if answer.status_code != 200:
        refused(answer, answer.status_code)
        assert answer.status_code < 500
    elif form == "xml":
        assert len(rows_of(answer, "service_requests", "request")) == 1
    assert town.bench.rows(select(func.count()).select_from(EVENT)) == town.bench.rows(
        select(func.count()).select_from(INBOUND)
    )


# as it is run ---------------------------------------------------------------------------------------------------------
def test_two_processes_with_open_doors_serve_one_town_of_one_order(pg, tmp_path):
    from tests.hub.consoles import Bench

    bench = Bench(pg.database())
    sender = bench.console("gateway")
    file = tmp_path / "inbound.toml"
    file.write_text('[open311]\ncontact = "x"\nurl = "https://hub.example.gov/open311/v2"\n', "utf-8")
    served = [Process(bench.url, free_port(), "--inbound", str(file)) for _ in range(2)]
    numbers = []
    for n in range(6):
        at = served[n % 2].ready().url + "/open311/v2"
        form = {"api_key": sender.token, "service_code": "ldbl", "address_string": "大新街"}
        numbers += httpx.post(f"{at}/requests.json", data=form, trust_env=False).json()
    assert len({one["service_notice"] for one in numbers}) == 6
    told = httpx.get(f"{at}/requests.json", headers=bearer(sender), trust_env=False).json()
    assert {one["service_request_id"] for one in told} == {one["service_request_id"] for one in numbers}
    assert (
        httpx.get(f"{at}/discovery.json", trust_env=False)
        .json()["endpoints"][0]["url"]
        .startswith("https://hub.example")
    )
    for process in served:
        process.end()
        assert sender.token not in process.said()
    with bench.store.reading() as db:
        assert (verify(db).bad, verify(db).events) == (None, 6)
    bench.store.close()
