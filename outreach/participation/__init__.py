"""Taking a quiz at an event, from the scan to the receipt."""
