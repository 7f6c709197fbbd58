"""Connection URLs keep odd characters, and lead where they say."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from connectors.errors import ConfigurationError
from connectors.postgres.urls import (
    build_url,
    dagster_url,
    libpq_url,
    superset_url,
    with_database,
    with_schema,
    without_password,
)

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@given(user=WORDS, password=WORDS, database=WORDS)
def test_libpq_and_sqlalchemy_read_the_very_parts_a_url_was_built_from(user, password, database):
    url = with_schema(build_url(user=user, password=password, host="127.0.0.1", port=5432, database=database), "s")
    parts = conninfo_to_dict(url)
    assert (parts["user"], parts["password"], parts["dbname"]) == (user, password, database)
    assert parts["options"] == "-csearch_path=s"
    alchemy = sqlalchemy.make_url(url)
    assert (alchemy.username, alchemy.password, alchemy.query["options"]) == (user, password, "-csearch_path=s")


@given(password=st.text(st.sampled_from("canary-7731@:/?#%"), min_size=8))
def test_a_url_without_password_does_not_hold_it(password):
    url = build_url(user="me", password=password, host="db.example", port=5432, database="omni")
    assert without_password(url) == "postgresql://me@db.example:5432/omni"


@pytest.mark.parametrize("schema", ["dagster", "superset"])
def test_the_tools_find_their_own_schema(database_url, settings, schema):
    url = dagster_url(database_url) if schema == "dagster" else superset_url(database_url, settings)
    assert url.endswith(f"options=-csearch_path%3D{schema}")
    engine = sqlalchemy.create_engine(url)
    assert engine.driver == "psycopg2"
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select current_schema()").scalar() == schema
    engine.dispose()


def test_other_parameters_and_options_of_the_url_are_kept():
    url = with_schema("postgresql://u:p@h/d?sslmode=require&options=-cstatement_timeout%3D5s&sslrootcert=/a%20b", "x")
    parts = conninfo_to_dict(url)
    assert (parts["sslmode"], parts["sslrootcert"]) == ("require", "/a b")
    assert parts["options"] == "-cstatement_timeout=5s -csearch_path=x"


def test_a_role_with_an_odd_password_can_log_in(database_url):
    password = "p@ss:w/ö?r#d%41 +&="
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("create role odd login password {}").format(password))
        port = connection.info.port
    try:
        url = build_url(user="odd", password=password, host="127.0.0.1", port=port, database="postgres")
        with psycopg.connect(with_schema(url, "x")) as connection:
            assert connection.execute("select current_user, current_setting('search_path')").fetchone() == ("odd", "x")
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("drop role odd")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_spelling_of_the_scheme_is_understood(scheme):
    assert libpq_url(f"{scheme}://u:p@h/d") == "postgresql://u:p@h/d"


@pytest.mark.parametrize("url", ["mysql://u:canary@h/d", "host=h password=canary", ""])
def test_anything_but_a_postgres_url_is_refused_without_repeating_it(url):
    with pytest.raises(ConfigurationError, match="no PostgreSQL URL") as caught:
        libpq_url(url)
    assert "canary" not in str(caught.value)


def test_another_database_of_the_same_server_keeps_the_parameters():
    assert (
        with_database("postgresql://u:p@h:1/a?sslmode=require", "b c") == "postgresql://u:p@h:1/b%20c?sslmode=require"
    )
