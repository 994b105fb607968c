"""Graphs that OpenVINO runs, without torch: made of weights, kept in an index, compiled once, run in batches."""
