"""What makes the data that the package ships: one command each."""
