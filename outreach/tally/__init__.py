"""Numbers by event, region and day, derived from attempts alone."""
