"""An index in PostgreSQL: its address, the connections to it, its schema, and the folder that mirrors its small files.

Everything here is about one schema of one database, which holds the generations of one corpus. What is searched and
read by place, vectors, words and passages, stays in the database; what a process needs whole, such as the encoder, is
fetched once for each machine.
"""
