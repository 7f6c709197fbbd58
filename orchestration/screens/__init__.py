"""The dashboards as a reader's browser shows them: walking them, what is wrong on the screen, pictures of them.

Belongs here: what needs a browser and nothing but the address and a login of a running Superset. Not here: what charts
answer (superset/verify.py), starting Superset (orchestration/cli). Playwright is a development dependency: `browser.py`
is the only place that imports it, and says what to do where it is missing.
"""
