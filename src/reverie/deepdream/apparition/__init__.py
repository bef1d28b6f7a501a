"""Apparitions: something whole that is dreamt at a few places of a photograph."""
