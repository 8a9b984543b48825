"""Which hypothesis did it: texts written with and without each, compared pair by pair."""
