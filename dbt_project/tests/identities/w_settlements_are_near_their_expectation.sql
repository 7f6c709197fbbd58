{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'fct_collections'}}}) }}
-- §8: what was settled lies within 20 % of what was expected.
select shop_id, parent_key, expected_amount_cny, collected_cny, variance_rate
from {{ ref('fct_collections') }}
where state = 'settled' and unpriced_lines = 0 and abs(variance_cny) > 0.20 * abs(expected_amount_cny)
