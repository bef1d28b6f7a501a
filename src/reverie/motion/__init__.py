"""Pictures that move: what zooms and films share. See ``reverie.zoom`` and ``reverie.film``."""
