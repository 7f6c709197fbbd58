"""Annotations on time series: rows of a chart of ours, drawn as intervals over another one.

Belongs here: the layer as Superset's charts carry it. The rows come from the marts each time a chart is drawn, so
nobody has to keep them up to date. A layer names its chart by the number that it has in one installation: in files and
in what is imported it is the chart's name; `number_charts` puts the number in its place afterwards.
"""

from typing import Any

LOOK = {
    "color": "#8A867866",  # see-through twice, so that activities that overlap do not cover the series
    "opacity": "opacityLow",
    "style": "solid",
    "width": 1,
    "show": True,
    "showLabel": False,  # names of overlapping activities would be drawn over each other; the hint has them
    "showMarkers": False,
}


def annotation_layers(names: list[str], known: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The layers of one chart. KeyError names an annotation that annotations.yaml does not have."""
    return [_layer(known[name]) for name in names]


def _layer(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": spec["name"],
        "annotationType": "INTERVAL",
        "sourceType": "table",
        "value": spec["chart"],
        "timeColumn": spec["start"],
        "intervalEndColumn": spec["end"],
        "titleColumn": spec["title"],
        "descriptionColumns": spec.get("details", []),
        "overrides": {"time_range": None},
        **LOOK,
    }


def number_charts(layers: list[dict[str, Any]], numbers: dict[str, int]) -> list[dict[str, Any]]:
    """The layers with each chart's name replaced by its number in this installation."""
    return [layer | {"value": numbers.get(layer["value"], layer["value"])} for layer in layers]
