"""Open311 GeoReport v2 at the hub: clients that are not ours, both formats, who may do what, and what comes in that is none."""

import json
import re
import xml.etree.ElementTree as ET

import pytest

from tests.hub.consoles import NOW
from tests.hub.reports import DOORS, Town, bodies, bring, refused, rows_of, rules
from tests.hub.served import bearer
from zjj_console.domain.model import DAY
from zjj_console.domain.outside import Outside
from zjj_console.hub import georeport
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
    diary = town.served.told('"path": "/open311/v2/requests.{form}"') + town.http.get("/metrics").text
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
