"""The command line: it reads options, listens to jobs, and prints."""
