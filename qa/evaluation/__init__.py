"""Question sets in, measures out: how well an index answers, where it fails, and what its corpus lacks.

``formats`` and ``judgments`` read a set, ``runs`` answers it into a file of answers, and everything after that
is a function of that file: ``measures``, ``gaps``, ``comparing``, ``report``.
"""
