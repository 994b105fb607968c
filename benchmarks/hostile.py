"""Files made to do harm: each is read, or named with the reason, within 10 s and 500 MB, and a folder of all builds.

    python -m benchmarks.hostile            every file alone, then all of them in one build
    python -m benchmarks.hostile NAME …     these files alone

Each file is written, read and split in a process of its own. What is slower or larger than it may be is marked.
"""

