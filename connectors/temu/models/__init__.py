"""What the records of each stream look like: keys, the fields that loading relies on, and what else is documented.

Belongs here: pydantic models, the schema that people read and that explains a refused record; one module per domain,
their vocabulary in `fields`. Every field, documented or not, survives in the payload untouched; its meaning is given in
dbt staging. `connectors.temu.decoding` derives the fast decoders from these very classes. Fields of type `Seen…` are
documented but not relied upon: whatever they hold is accepted. A record that consists of documented fields only cannot
hold personal data and is spared the search for it.

Fields stand in the order in which the platform usually sends them, which the decoder finds three times faster.
"""
