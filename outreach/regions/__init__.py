"""Divisions of China by GB/T 2260: data, models, queries."""
