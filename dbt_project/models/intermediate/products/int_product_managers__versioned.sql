-- Who answered for a listing when (G). Periods seen by the products snapshot go before those that manager files
-- declare; an instant covered by neither takes the current value. Half-open, one row per listing and period.
with seen as (
    select
        id as product_id,
        manager,
        dbt_valid_from::timestamptz as valid_from,
        dbt_valid_to::timestamptz as valid_to
    from {{ ref('snap_products') }}
),

declared as (
    select distinct on (product_id, effective_from) product_id, manager, effective_from
    from {{ ref('int_product_managers__typed') }}
    where product_id is not null and effective_from is not null
    order by product_id, effective_from, created_at desc nulls last, manager
),

first_seen as (
    select product_id, min(valid_from) as first_seen_at
    from seen
    group by product_id
),

declared_periods as (
    select
        declared.product_id,
        declared.manager,
        declared.effective_from as valid_from,
        least(
            lead(declared.effective_from) over (partition by declared.product_id order by declared.effective_from),
            first_seen.first_seen_at
        ) as valid_to
    from declared
    left join first_seen using (product_id)
),

neighbours as (
    select
        *,
        lag(manager) over (partition by product_id order by valid_from) as manager_before,
        lag(valid_to) over (partition by product_id order by valid_from) as valid_to_before
    from seen
),

changes as (
    select
        *,
        (manager is distinct from manager_before) or (valid_from is distinct from valid_to_before) as is_change
    from neighbours
),

runs as (
    select *, sum(is_change::integer) over (partition by product_id order by valid_from) as run_no
    from changes
),

seen_periods as ( -- versions that differ in price or stock only are one period here
    select
        product_id,
        min(manager) as manager,
        min(valid_from) as valid_from,
        case when bool_or(valid_to is null) then null else max(valid_to) end as valid_to
    from runs
    group by product_id, run_no
)

select product_id, manager, valid_from, valid_to from seen_periods
union all
select product_id, manager, valid_from, valid_to from declared_periods
where valid_to is null or valid_to > valid_from
