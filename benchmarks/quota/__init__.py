"""Several processes compete for the quota of one app key."""
