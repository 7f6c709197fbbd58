"""Weeks in which everything goes wrong, lived through in minutes, and the proof that nothing was lost or doubled."""
