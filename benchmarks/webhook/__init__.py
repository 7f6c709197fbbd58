"""How fast the webhook door acknowledges: events per second and the time that a sender waits."""
