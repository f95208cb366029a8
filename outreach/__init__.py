"""Meeting people: campaigns, events, posters, participation and its numbers."""
