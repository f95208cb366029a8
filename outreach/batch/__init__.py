"""Many events at once, from a spreadsheet, each with its teams and first poster."""
