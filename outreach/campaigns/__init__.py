"""One Quality Month: its bodies and calendar."""
