"""A question -> its terms: which of its words belong together, and how likely they name one thing that is asked for."""
