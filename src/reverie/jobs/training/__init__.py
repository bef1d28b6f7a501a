"""Networks of one's own as jobs: pictures in folders in, a file and what is to be known of it out."""
