"""Pushed events: what happened, sealed and signed as the platform does, delivered until it is taken (API section 16).

Belongs here: the sender's side of webhooks. It shares no line with the door that takes them: a shared signer would hide
a shared bug.
"""
