"""From frames to those who watch: encoded once, sent to browsers, streamed, recorded, and kept on the air."""
