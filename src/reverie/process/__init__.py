"""What a process is: its threads that take turns, its forked children, its streams and its memory."""
