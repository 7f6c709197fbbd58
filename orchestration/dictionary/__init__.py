"""The contract of every metric and what is derived from it: dbt doc blocks, saved metrics, the data dictionary.

Belongs here: reading `dbt_project/metrics.yml` (`contract`), writing what follows (`render`, `datasets`, `files`).
Does not belong here: computing a number (`dbt_project`), drawing one (`superset`).
"""
