"""The command ``qa``: the only room that prints. Heavy libraries are imported by the command that needs them."""
