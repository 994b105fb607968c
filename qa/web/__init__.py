"""The service over HTTP: ``create_app(answerer)`` makes the application, ``server.serve`` runs it."""

from qa.web.app import create_app

__all__ = ["create_app"]
