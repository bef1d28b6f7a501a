"""A microscope: a website of a network, with the portrait of every channel and class, that needs no server.

After the OpenAI Microscope (Schubert, Petrov, Carter & Olah 2020), for any network.
"""
