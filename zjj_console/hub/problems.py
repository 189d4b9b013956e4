"""Every refusal of the hub: its HTTP status and its sentence in both languages. One table; nothing is refused in prose."""

from zjj_console.sync import wire

_TABLE: dict[str, tuple[int, str, str]] = {
    "bad_request": (400, "请求无法读取: {what}", "the request cannot be read: {what}"),
    "unauthorized": (401, "没有凭证或凭证不对: 请用中心发的一次性码重新登记本机",
                     "no credential, or a wrong one: enrol this device again with a one-time code from the centre"),
    "expired": (401, "本机的凭证已过期: 数据仍在本机，可照常值守；请中心发新的一次性码，重新登记后即可上传",
                "this device's credential has expired: it keeps its data and goes on working alone; "
                "enrol again with a new one-time code from the centre, then it can be sent"),
    "not_allowed": (403, "本机角色 {role} 不能做这件事: 请中心发相应角色的码",
                    "role {role} may not do this: ask the centre for a code of the role that may"),
    "revoked": (403, "本机已被中心停用: 数据仍在本机，可照常值守、可导出；请联系中心，领新码后重新登记再上传",
                "this device was revoked: it keeps its data, goes on working alone and can export; "
                "ask the centre for a new code and enrol again, then it can be sent"),
    "other_device": (403, "事件不是本机所记: 一台设备只能上传自己的日志",
                     "an event is not of this device: a device pushes its own journal only"),
    "code_unknown": (403, "没有这个登记码: 请核对后再输，或请中心重发", "no such code: check it, or ask for another"),
    "code_used": (403, "登记码已用过: 请中心另发一个", "the code was used: ask for another"),
    "code_expired": (403, "登记码已过期: 请中心另发一个", "the code has expired: ask for another"),
    "not_found": (404, "没有这个地址", "no such address"),
    "not_messenger": (403, "不是政务微信发来的，或已过时: 请核对 token、企业号与时钟",
                      "not from the messenger, or too old: check token, corp id and clock"),
    "no_jurisdiction": (404, "没有这个辖区 {what}: 本中心只管一个镇", "no such jurisdiction_id {what}: this hub is of one town"),
    "no_service": (404, "没有这个事项 {what}: 见 services", "no such service_code {what}: see services"),
    "no_request": (404, "没有这个上报 {what}", "no such service_request_id or token {what}"),
    "wanting": (400, "缺少 {what}", "{what} was not provided"),
    "wrong": (400, "{what} 不合要求", "{what} is not as it must be"),
    "method": (405, "此地址不接受这种请求", "this address takes no such request"),
    "slow": (408, "请求发得太慢，未写入任何内容: 请重发", "the request came too slowly, nothing was written: send it again"),
    "other_log": (409, "这是另一个日志({log}): 未取走任何事件，请核对中心地址",
                  "this hub keeps another log ({log}): nothing was taken; check the address"),
    "diverged": (409, "本机的共同日志与中心不同: 请退回到相同处再取，本机自己的事件不会丢",
                 "the common history here differs from the hub's: go back to where both agree; own events are kept"),
    "fork": (409, "本机日志与中心所存不同(第 {dseq} 条): 未取走任何事件，已留证；请开新的一代后重发",
             "this device's journal differs from what the hub holds (number {dseq}): nothing was taken, it is kept as "
             "evidence; open a new epoch and send again"),
    "unlinked": (409, "新一代的第一条须说明接在哪一条之后(previous)", "the first event of an epoch must say what it continues"),
    "letter_taken": (409, "台号 {letter} 已有人用: 请换一个，或留空由中心分配",
                     "letter {letter} is taken: choose another, or leave it to the hub"),
    "letters_gone": (409, "台号已用完: 每镇至多 26 个值守台", "no letter is left: a town has at most 26 consoles"),
    "device_known": (409, "这台设备已登记且有效: 须先在中心停用它(zjj hub revoke)，再用新码登记",
                     "this device is enrolled and valid: revoke it first (zjj hub revoke), then enrol with a new code"),
    "role_kept": (409, "这台设备登记为 {role}，角色不可改: 请用同一角色的码", "this device is a {role} and stays one: use a code of that role"),
    "too_large": (413, "请求太大(上限 {limit}): 请分批", "the request is too large (limit {limit}): send less at a time"),
    "encoding": (415, "请求不可压缩", "the request must not be compressed"),
    "too_old": (426, "程序太旧，中心不再接受它的上传: 请升级；数据仍在本机",
                "this program is too old for the hub: upgrade it; its data is kept"),
    "too_many": (429, "请求太密: 请稍候再发", "too many requests: wait, then send again"),
    "busy": (503, "中心忙: 稍后自动重试即可，数据仍在本机", "the hub is busy: try again, the data is kept here"),
    "read_only": (503, "中心现在只读(备用库?): 稍后重试，数据仍在本机",
                  "the hub is read-only now (a standby?): try again later, the data is kept here"),
    "unavailable": (503, "中心的数据库暂不可用: 稍后重试，数据仍在本机",
                    "the hub's database is not available: try again later, the data is kept here"),
    "not_ready": (503, "中心尚未就绪", "the hub is not ready"),
    "unexpected": (500, "中心出错，已记入日志: 请把时间告诉管理员", "the hub failed and has logged it: tell the administrator when"),
}  # fmt: skip
STATUS = {code: row[0] for code, row in _TABLE.items()}


class Refused(Exception):
    """A refusal on its way out. Holds no more than the answer will: never a body, a token or a name."""

    def __init__(self, code: str, retry_after: int | None = None, **words: object) -> None:
        super().__init__(code)
        self.code, self.retry_after, self.words = code, retry_after, words

    @property
    def status(self) -> int:
        return STATUS[self.code]

    def problem(self) -> wire.Problem:
        _, zh, en = _TABLE[self.code]
        return wire.Problem(self.code, zh.format(**self.words), en.format(**self.words), self.retry_after)
