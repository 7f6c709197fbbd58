{{ config(severity='warn') }}
-- Rows set aside for a reason that somebody can mend; sandbox shops are meant to be out.
select * from {{ ref('dq_quarantined_rows') }} where reason <> 'sandbox_shop'
