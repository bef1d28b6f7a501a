"""Pictures that move: zooms, films, and the frames they yield."""
