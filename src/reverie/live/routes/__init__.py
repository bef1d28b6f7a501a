"""What a page of the show may ask, by topic."""

from reverie.live.routes import crowd, events, moderator, pages

#: All of it.
ROUTERS = (pages.router, crowd.router, moderator.router, events.router)
