{{ config(severity='warn') }}
-- §8: at most 0.5 % of the lines of the last 30 days have a status that S1 to S3 cannot name.
with lines as (
    select order_line_key, shop_id, order_sn, status
    from {{ ref('fct_order_lines_costed') }}
    where order_date > {{ as_of_date() }} - 30
)

select * from lines
where status = 'unknown' and (select count(*) filter (where status = 'unknown') > 0.005 * count(*) from lines)
