"""The service over HTTP: ``app.create_app`` makes the application, ``server.serve`` runs it."""
