"""What a process is: its threads, forked children, streams and memory, and who hears what it warns of."""
