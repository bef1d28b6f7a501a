"""The crowd: what people wish for, whose voice counts how much, and what is shown next.

Pure Python, with the clock as an argument: nothing here sleeps, listens or draws.
"""
