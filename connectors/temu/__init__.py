"""How we talk to Temu: signing, the client, errors, paging, the streams and what their records look like.

Belongs here: everything that `POST`s to a gateway or reads its answers. Does not belong here: where records land
(`connectors.postgres`) and which shop is read when (`connectors.sync`, `orchestration`).
"""
