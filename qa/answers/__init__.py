"""A question and an opened index -> the Answer."""
