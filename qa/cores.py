"""Which library may use the cores: the encoder, and none beside it."""

import os


def leave_cores() -> None:
    """Let numpy and FAISS use one thread each where they are not loaded yet, unless the user says otherwise.

    What they compute for a question is small, and threads of theirs that wait busily take the cores from the encoder's:
    without them a question takes half the time (`benchmarks/README.md`, Speed). Sets OMP_NUM_THREADS and
    OPENBLAS_NUM_THREADS of this process, and so of those that it starts, where they are not set.
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
