"""What is measured, a part at a time, and the tables made of it.

Each part has ``TITLE``, ``measure(plan)``, which gives plain values for JSON, and ``markdown(found)``.
"""
