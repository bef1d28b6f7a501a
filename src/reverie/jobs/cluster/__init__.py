"""Many machines: the parts of a job, carried out by workers that Ray starts."""
