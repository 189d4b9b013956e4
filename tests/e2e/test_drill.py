"""A drill in a real terminal four hundred times as fast: its watermark, whom to call, and the report at the end."""

import pytest

from tests.e2e.conftest import ZJJ, Console

pytestmark = pytest.mark.tmux


@pytest.mark.parametrize("console", [f"{ZJJ} demo drill ladder-p1 --speed 400 --show"], indirect=True, ids=["x400"])
def test_a_drill_shows_its_watermark_the_call_and_the_report(console: Console) -> None:
    console.see("演练 x400", "请呼叫", "E1副站长 周丁")
    console.see("演练 x400", "E2站长 钱未 已应答", "应有结果 23/23")
    console.press("Escape").see("23:50:00")
    for key in ("F4", "F6", "F10", "F1"):
        console.press(key).settled()
        console.see("演练 x400")
    assert not console.db.exists(), "the database of the desk is not touched"
