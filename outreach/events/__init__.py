"""Events: occasions at which people meet the quiz."""
