"""The hub against its own description: whatever /openapi.json allows, and what nearly fits, is answered as it says.

The same is done at length by schemathesis where it is installed (`make soak`).
"""

import json
import os
import shutil
import subprocess
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hub.consoles import NOW, Bench
from tests.hub.served import Hands, Served, bearer, push_body
from zjj_console.hub.limits import Buckets, Rate
from zjj_console.hub.web import create_app
from zjj_console.sync import wire

ANY = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=9)
    | st.just([])
    | st.just({})
)


def fitting(schema: dict[str, Any], named: dict[str, Any], bend: bool) -> st.SearchStrategy[Any]:
    """Values of a JSON schema; with `bend` any of them, at any depth, may be another thing."""
    made = _fitting(schema, named, bend)
    return made | ANY if bend else made


def _fitting(schema: dict[str, Any], named: dict[str, Any], bend: bool) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _fitting(named[schema["$ref"].rsplit("/", 1)[1]], named, bend)
    if "anyOf" in schema:
        return st.one_of(*(_fitting(part, named, bend) for part in schema["anyOf"]))
    kind = schema["type"]
    if kind == "object":
        fields = {name: fitting(part, named, bend) for name, part in schema["properties"].items()}
        must = {} if bend else {name: fields.pop(name) for name in schema.get("required", ())}
        return st.fixed_dictionaries(must, optional=fields)
    if kind == "array":
        return st.lists(fitting(schema["items"], named, bend), max_size=3)
    if kind == "string":
        return st.from_regex(schema["pattern"]) if "pattern" in schema else st.text(max_size=9)
    return {
        "integer": st.integers(schema.get("minimum"), schema.get("maximum")), "boolean": st.booleans(), "null": st.none(),
    }[kind]  # fmt: skip


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    bench = Bench(f"sqlite:///{tmp_path_factory.mktemp('schema') / 'hub.db'}")
    console = bench.console()
    bench.push(console, console.event())
    made = Served(bench.store, hands=Hands(NOW))
    made.hub.device_rate = made.hub.enrol_rate = Buckets(Rate(1e9, 1e9), time.monotonic)
    yield made, console, create_app(made.hub).openapi()
    made.stop()
    bench.store.close()


@settings(max_examples=120)
@given(data=st.data())
def test_every_answer_is_one_that_the_description_tells(door, data):
    served, console, described = door
    named = described["components"]["schemas"]
    path, method = data.draw(st.sampled_from([(p, m) for p, acts in described["paths"].items() for m in acts]))
    act, bend = described["paths"][path][method], data.draw(st.booleans())
    query = {}
    for one in act.get("parameters", ()):
        if data.draw(st.booleans()):
            query[one["name"]] = data.draw(fitting(one["schema"], named, bend))
    if query.get("wait") in range(1, wire.MAX_WAIT + 1):
        query["wait"] = 0
    content = None
    if "requestBody" in act:
        body = data.draw(fitting(act["requestBody"]["content"]["application/json"]["schema"], named, bend))
        content = json.dumps(body).encode("utf-8", "surrogatepass")
    headers = data.draw(st.sampled_from([bearer(console), bearer(console), {}]))
    answer = served.http.request(method, path, params=query, headers=headers, content=content)
    told = act["responses"].get(str(answer.status_code))
    assert told is not None, answer.text
    shape = told["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    msgspec.json.decode(answer.content, type=getattr(wire, shape))


@pytest.mark.slow
def test_schemathesis_finds_nothing(url, tmp_path):
    program = os.environ.get("SCHEMATHESIS") or shutil.which("schemathesis")
    if program is None:
        pytest.skip("schemathesis is not installed; docs/developers/testing.md")
    bench = Bench(url)
    console = bench.console()
    bench.push(console, console.event())
    served = Served(bench.store)
    served.hub.device_rate = served.hub.enrol_rate = Buckets(Rate(1e9, 1e9), time.monotonic)
    try:
        done = subprocess.run(
            [program, "--no-color", "run", served.url + "/openapi.json", "--header", f"Authorization: Bearer {console.token}",
             "--max-examples", "300", "--request-timeout", "40", "--checks", "all", "--continue-on-failure"],
            capture_output=True, text=True, cwd=tmp_path,
        )  # fmt: skip
        assert served.http.post("/v1/push", headers=bearer(console), content=push_body(bench.log)).status_code == 200
    finally:
        served.stop()
        bench.store.close()
    assert done.returncode == 0, done.stdout[-5000:]
    assert "append_failed" not in "".join(served.lines) and '"failed"' not in "".join(served.lines)
