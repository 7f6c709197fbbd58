"""Costs of an article never overlap, whoever writes them; the import history says who loaded which version of a file.

`effective_to` stays what the file says. `closed_at` is where a later start ended the interval: at the next start, or at
once (an empty interval) where a later upload begins at the same instant. A hash as a one-element range makes the key
comparable by the same index method as the interval, without an extension.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CLOSE_OVERLAPS = """
    update raw_files.product_costs c set closed_at = later.next_from
    from (
        select file_hash, row_no, lead(effective_from) over (
            partition by shop_id, upper(sku_code) order by effective_from, loaded_at, row_no
        ) as next_from
        from raw_files.product_costs
        where effective_to is null or effective_to > effective_from
    ) later
    where (c.file_hash, c.row_no) = (later.file_hash, later.row_no)
        and (c.effective_to is null or c.effective_to > later.next_from)
"""
NO_OVERLAP = """
    alter table raw_files.product_costs add constraint product_costs_no_overlap exclude using gist (
        int8range(
            hashtextextended(coalesce(shop_id, 0)::text || '/' || upper(sku_code), 0),
            hashtextextended(coalesce(shop_id, 0)::text || '/' || upper(sku_code), 0),
            '[]'
        ) with &&,
        tstzrange(
            effective_from,
            greatest(effective_from, coalesce(closed_at, effective_to, 'infinity'::timestamptz))
        ) with &&
    ) deferrable initially deferred
"""
HISTORY = """
    alter table ops.import_history
        add column imported_by text,
        add column run_id text,
        add column version integer,
        add column rows_changed integer not null default 0,
        add column rows_removed integer not null default 0
"""
COMMENTS = {
    "raw_files.product_costs.closed_at": "where a later start ended the interval; NULL = it ends as the file says",
    "ops.import_history.imported_by": "account that ran the import",
    "ops.import_history.version": "1, 2, … for each content loaded under this name; NULL = nothing was loaded",
    "ops.import_history.rows_changed": "rows that the version before did not hold",
    "ops.import_history.rows_removed": "rows of the version before that this one does not hold",
}


def upgrade() -> None:
    op.execute("alter table raw_files.product_costs add column closed_at timestamptz")
    op.execute(CLOSE_OVERLAPS)
    op.execute(NO_OVERLAP)
    op.execute(HISTORY)
    for column, comment in COMMENTS.items():
        op.execute(f"comment on column {column} is '{comment}'")
