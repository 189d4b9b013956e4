"""What the messenger's error codes ask for, as a table. Source: its public list of codes; [A] where that is silent."""

from enum import Enum

from msgspec import Struct


class Ask(Enum):
    """What is to be done about an answer."""

    DONE = "done"
    RETRY = "retry"  # not delivered, try later
    REFRESH = "refresh"  # the token is not taken any more: fetch another, once
    HOLD = "hold"  # too many calls: send nothing for a while
    CONFIG = "config"  # nothing will be taken before somebody mends the configuration
    RECEIVER = "receiver"  # this person cannot be reached here: telephone
    LONG = "long"  # shorten
    FORM = "form"  # this server does not know this form of message: take a simpler one
    BUG = "bug"  # a defect, or an answer that nobody has described


class Meaning(Struct, frozen=True):
    ask: Ask
    zh: str
    en: str


def _m(ask: Ask, zh: str, en: str) -> Meaning:
    return Meaning(ask, zh, en)


CODES: dict[int, Meaning] = {
    0: _m(Ask.DONE, "已收", "taken"),
    -1: _m(Ask.RETRY, "平台忙", "busy"),
    40001: _m(Ask.CONFIG, "应用密钥不对，或授权已撤", "the secret is wrong, or permission was withdrawn"),
    40003: _m(Ask.RECEIVER, "没有这个成员", "no such member"),
    40008: _m(Ask.FORM, "平台不认这种消息", "unknown form of message"),
    40013: _m(Ask.CONFIG, "corp_id 不对", "wrong corp_id"),
    40014: _m(Ask.REFRESH, "令牌失效", "the token is not valid"),
    40031: _m(Ask.RECEIVER, "成员名单不对", "no such members"),
    40056: _m(Ask.CONFIG, "agent_id 不对", "wrong agent_id"),
    40058: _m(Ask.FORM, "参数不合平台要求", "a parameter that the server does not take"),
    40091: _m(Ask.CONFIG, "应用密钥不对", "the secret is wrong"),
    41001: _m(Ask.BUG, "缺令牌", "the token is missing"),
    41002: _m(Ask.CONFIG, "缺 corp_id", "corp_id is missing"),
    41004: _m(Ask.CONFIG, "缺应用密钥", "the secret is missing"),
    42001: _m(Ask.REFRESH, "令牌过期", "the token has expired"),
    45002: _m(Ask.LONG, "内容过长", "too long"),
    45009: _m(Ask.HOLD, "调用过多", "too many calls"),
    48002: _m(Ask.CONFIG, "应用无此接口权限", "the app may not use this interface"),
    60011: _m(Ask.CONFIG, "应用无权发给此成员", "the app may not write to this member"),
    60020: _m(Ask.CONFIG, "本机地址不在可信IP", "this host's address is not among the trusted ones"),
    60111: _m(Ask.RECEIVER, "没有这个成员", "no such member"),
    81013: _m(Ask.RECEIVER, "成员不在应用可见范围", "the member cannot see the app"),
}


def meaning(code: int) -> Meaning:
    """What a code asks for; one that nobody has described is a defect to be looked at, never a delivery."""
    return CODES.get(code) or Meaning(Ask.BUG, "未知回答", "an unknown answer")
