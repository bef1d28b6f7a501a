"""The processes that dream: warm, one job at a time, and no loss to the server when one dies."""
