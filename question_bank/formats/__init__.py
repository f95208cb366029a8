"""Question files of other programs: read with their faults, written with their losses."""
