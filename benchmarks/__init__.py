"""What measures quality and speed. Nothing here is installed with the package."""
