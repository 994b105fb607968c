"""Address of texts that live elsewhere -> a folder with copies of them, and where each is from.

What is fetched lies beside the index and is indexed as any folder is; given again, only what has changed is fetched.
A new kind of place is one module here and one row of ``fetching.FETCHERS``.
"""
