"""Look of the BI front end: tokens of the dark and the light theme, colour schemes, brand pictures.

Belongs here: colours and shapes. Not here: which theme is in force (superset_config.py), chart options (assets/).
The categorical palette is that of Okabe and Ito, ordered so that neighbours differ in lightness as well as in hue:
series stay apart for readers who do not see red against green. The sequential one is cividis, for the same reason.
"""

from typing import Any
from urllib.parse import quote

CATEGORICAL = [
    *["#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442", "#B3B3B3", "#8DD3C7", "#A87C3D"]
]
CIVIDIS = ["#00224E", "#123570", "#3B496C", "#575D6D", "#707173", "#8A8678", "#A59C74", "#C3B369", "#E1CC55", "#FEE838"]

HEAT = ["#0B1F3A", "#103258", "#164673", "#205C91", "#2A6CA3", "#3582BD"]

# Series that several charts show look alike on all of them, and what is bad is never green. A metric goes by its name.
SERIES: dict[str, str] = {
    "gmv": "#56B4E9",
    "gmv_constant": "#009E73",
    "fx_effect": "#E69F00",
    "target": "#B3B3B3",
    "gmv_mean_7d": "#E69F00",
    "gmv_mean_28d": "#CC79A7",
    "1 断货 Out of stock": "#D55E00",
    "2 紧急 Critical": "#E69F00",
    "3 偏低 Low": "#F0E442",
    "4 滞销 Dead": "#B3B3B3",
    "5 积压 Overstock": "#CC79A7",
    "6 正常 OK": "#009E73",
    "未开始 / Not started": "#B3B3B3",
    "在途预测 / Shipped, projected": "#8DD3C7",
    "已签收未到期 / Delivered, not due": "#56B4E9",
    "到期 / Due": "#E69F00",
    "逾期 / Overdue": "#D55E00",
    "售后冻结 / Held": "#CC79A7",
    "已回款 / Settled": "#009E73",
    "无应收 / Nil": "#A87C3D",
}

CATEGORICAL_SCHEMES: list[dict[str, Any]] = [
    {
        "id": "omni",
        "label": "temu-omni",
        "description": "Okabe–Ito",
        "isDefault": True,
        "colors": CATEGORICAL,
    },
]
SEQUENTIAL_SCHEMES: list[dict[str, Any]] = [
    {
        "id": "omni_sequential",
        "label": "temu-omni (cividis)",
        "description": "cividis",
        "isDiverging": False,
        "isDefault": True,
        "colors": CIVIDIS,
    },
    {  # the dark end of cividis cannot be told from the dark page, where a map shows what has no data
        "id": "omni_map",
        "label": "temu-omni (cividis, for maps)",
        "description": "cividis without its dark end",
        "isDiverging": False,
        "colors": CIVIDIS[3:],
    },
    {  # the middle of cividis is a grey on which neither black nor white numbers can be read
        "id": "omni_heat",
        "label": "temu-omni (blue, for numbers in cells)",
        "description": "dark to light blue",
        "isDiverging": False,
        "colors": HEAT,
    },
    {
        "id": "omni_rank",
        "label": "temu-omni (rank, first is brightest)",
        "description": "cividis, reversed",
        "isDiverging": False,
        "colors": CIVIDIS[::-1],
    },
]


def data_url(svg: str) -> str:
    """An SVG picture as a data: URL, so that no file has to be copied into Superset's static folder."""
    return "data:image/svg+xml," + quote(svg)


def mark(size: int) -> str:
    """The brand mark: three bars that rise inside a ring, drawn `size` pixels wide."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 32 32">'
        '<circle cx="16" cy="16" r="14" fill="none" stroke="#56B4E9" stroke-width="3"/>'
        '<path d="M10 22v-5M16 22V13M22 22V9" stroke="#E69F00" stroke-width="4" stroke-linecap="round"/></svg>'
    )


def wordmark(ink: str) -> str:
    """The mark with the product's name beside it, the name in colour `ink`."""
    inner = mark(32).replace("<svg ", '<svg x="0" y="0" ', 1)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="168" height="32" viewBox="0 0 168 32">'
        f'{inner}<text x="42" y="22" font-family="Helvetica, Arial, sans-serif" font-size="19" '
        f'font-weight="600" fill="{ink}">temu-omni</text></svg>'
    )


FAVICON = {"href": data_url(mark(32)), "type": "image/svg+xml"}

# Inter comes with Superset and has no Chinese: each system's own Chinese face follows before any other fallback.
SHARED_TOKENS: dict[str, Any] = {
    "brandAppName": "temu-omni",
    "brandLogoAlt": "temu-omni",
    "brandLogoMargin": "14px 0",
    "brandLogoHref": "/",
    "brandLogoHeight": "28px",
    "brandSpinnerUrl": None,
    "brandSpinnerSvg": None,
    "fontUrls": [],
    "fontFamily": "Inter, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', Helvetica, sans-serif",
    "fontFamilyCode": "'IBM Plex Mono', 'Courier New', monospace",
    "colorInfo": "#56B4E9",
    "borderRadius": 6,
}


def chart_inks(text: str, line: str, page: str) -> dict[str, Any]:
    """Colours of the axes of two-axis charts, which would otherwise be ECharts' own bright ones.

    Words on the areas of a treemap, light and dark ones, stand out by a glow in the colour of the page. Box plots lose
    their legend: it says nothing but "boxplot" and "outlier", in English in every language.
    """
    return {
        "treemap_v2": {
            "textStyle": {"textShadowColor": page, "textShadowBlur": 3, "textShadowOffsetX": 1, "textShadowOffsetY": 1}
        },
        "mixed_timeseries": {"yAxis": {"splitLine": {"lineStyle": {"color": line}}, "axisLabel": {"color": text}}},
        "box_plot": {"legend": {"show": False}},
    }


DARK: dict[str, Any] = {
    "token": {
        **SHARED_TOKENS,
        "brandLogoUrl": data_url(wordmark("#E8EDF4")),
        "colorPrimary": "#56B4E9",
        "colorLink": "#7CC5EE",
        "colorError": "#F0795B",
        "colorWarning": "#E69F00",
        "colorSuccess": "#2BB892",
        "colorBgBase": "#10151D",
        "colorTextBase": "#E8EDF4",
        "colorEditorSelection": "#2F4A66",
    },
    "echartsOptionsOverridesByChartType": chart_inks("#A9B4C2", "#2B3D5C", "#000000"),
    "algorithm": "dark",
}
LIGHT: dict[str, Any] = {
    "token": {
        **SHARED_TOKENS,
        "brandLogoUrl": data_url(wordmark("#1B2430")),
        "colorPrimary": "#0072B2",
        "colorLink": "#0072B2",
        "colorError": "#B8400A",
        "colorWarning": "#B87A00",
        "colorSuccess": "#007A59",
        "colorBgBase": "#FFFFFF",
        "colorTextBase": "#1B2430",
        "colorEditorSelection": "#DCEBF7",
    },
    "echartsOptionsOverridesByChartType": chart_inks("#5A6675", "#E3E8EE", "#FFFFFF"),
    "algorithm": "default",
}
