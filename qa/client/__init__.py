"""A client of the HTTP API for programs in Python, and retrievers for the libraries that want one.

    from qa.client import Client

    with Client("http://127.0.0.1:8000", key="candor_…") as candor:
        answer = candor.ask("What is mutual aid?")

``qa.client.langchain``, ``.llamaindex`` and ``.haystack`` need these libraries.
"""

from qa.client.asking import Client, Refused

__all__ = ["Client", "Refused"]
