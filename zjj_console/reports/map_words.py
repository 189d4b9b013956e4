"""The words of the map on paper in both languages. Unlike those of the screen they need not be short."""

from collections.abc import Callable

Say = Callable[..., str]

ENGLISH = {
    "未结": "Open",
    "超时": "Overdue",
    "一级": "First priority",
    "近1时": "New within the hour",
    "近1时新增": "New within the hour",
    "未结案件": "Open cases",
    "超时案件": "Overdue cases",
    "来源: {name}": "Source: {name}",
    "热度 {n}天": "Heat, {n} days",
    "热点 {n}天": "Hot spots, {n} days",
    "热点": "Hot spots",
    "重点事项": "Key items",
    "图层": "Layers",
    "网格": "Grid",
    "网格与站": "Grids",
    "地图": "Map",
    "站": "Station",
    "数据截至 {at}": "Data as of {at}",
    "示意，非测绘": "Schematic, not surveyed",
    "本镇地图未提供": "This town has given no map",
    "本镇没有网格": "This town has no grids",
    "地图来源: {source}": "Map: {source}",
    "未注明": "not stated",
    "色级 (与网格名下方括号内数字相同)": "Classes (the digit in brackets beside a grid)",
    "急": "P1",
    "含一级待办": "first priority waits",
    "含超时": "overdue among them",
    "件数": "number of cases",
    "热点序号": "rank of a hot spot",
    "联勤联动工作站": "station",
    "村居": "Committee",
    "北": "N",
    "{n}公里": "{n} km",
    "{n}米": "{n} m",
    "试用: 不作正式依据": "Trial: not for official use",
    "{town} {layer} 地图": "{town}: map, {layer}",
    "网格分级与标记；各网格数字见表": "Grids by class, with marks; the figures of each grid are in the table",
    "案号": "Case",
    "紧急": "Pressing",
    "级": "Priority",
    "状态": "State",
    "类别": "Category",
    "时限": "Deadline",
    "序": "Rank",
    "地点": "Place",
    "已结": "Closed",
    "按周": "By week",
    "建议": "Proposal",
    "名称": "Name",
    "编号": "Code",
    "合计": "Total",
    "无": "None",
    "无未结案件": "No open case",
    "没有热点": "No hot spot",
    "地图上没有重点事项": "No key item on the map",
    "另有 {n} 件，见 zjj case list --grid {grid}": "{n} more: zjj case list --grid {grid}",
    "在图上或表中选一个网格，看它的案件": "Choose a grid on the map or in the table to see its cases",
    "说明": "Notes",
    "不含案情、上报人与电话": "No text of a case, no reporter, no telephone number",
    "地点待定": "Place unknown",
    "未归网格": "In no grid",
    "配置值": "our default",
    "{rule} (配置值)": "{rule} (our default)",
    "、": ", ",
    "村居位置示意": "Places of committees are schematic",
    "另有 {n} 件地点待定，不在图上": "{n} more without a place, not on the map",
    "热点: {days} 天内同类、{radius} 米内(无坐标则同一村居)至少 {least} 件已结": "Hot spot: at least {least} closed cases of one category within {radius} metres (or one committee) in {days} days",
    "热度: 最近 {days} 天上报的案件": "Heat: cases reported in the last {days} days",
    "近1时: 1 小时内上报": "New: reported within the hour",
    "色级: 按本图层最大值分 {n} 级": "Classes: {n}, by the largest value of the layer",
    "急超": "overdue",
    "急新": "new",
    "超": "overdue",
    "临": "due soon",
    "复查": "Review",
    "{name} {n} 件未结，一级 {first}，超时 {late}": "{name}: {n} open, {first} first priority, {late} overdue",
}


def say(lang: str) -> Say:
    """The words of a language for a Chinese source text, with `{name}` places filled."""

    def words(zh: str, **values: object) -> str:
        text = ENGLISH[zh] if lang == "en" else zh
        return text.format(**values) if values else text

    return words
