"""The rows of input that must be refused, or answered honestly, on every surface."""

BAD_QUESTIONS = [
    ("", "empty"),
    (" \t\n ", "empty"),
    ("x" * 1001, "1,001 characters"),
    ("?!… ---", "only punctuation"),
    ("$^`", "only punctuation"),
    ("what\0is", "control characters"),
    ("\x1b[31mred", "control characters"),
    ("half \ud800", "control characters"),
]

STRANGE_QUESTIONS = [
    "😀",
    "ما هو العلاج النفسي",
    "q" * 900,
    "\u202eabc",
    "心理療法とは何ですか",
    "What is (*ﾟ▽ﾟ)ﾉ to a child?",  # a letter of which nothing but a mark is left when it is folded
]

# What is sent as the body of POST /api/ask, with its content type, status and code of the refusal.
JSON = "application/json"
BAD_BODIES = [
    (b'{"question": ""}', JSON, 400, "bad_question"),
    (b'{"question": "?!"}', JSON, 400, "bad_question"),
    (b'{"question": "a\\u0000b"}', JSON, 400, "bad_question"),
    (b'{"question": "\\ud800"}', JSON, 400, "bad_question"),
    (b'{"question": "' + b"x" * 1001 + b'"}', JSON, 400, "bad_question"),
    (b'{"question": "x", "k": 0}', JSON, 400, "bad_request"),
    (b'{"question": "x", "k": -1}', JSON, 400, "bad_request"),
    (b'{"question": "x", "k": 1001}', JSON, 400, "bad_request"),
    (b'{"question": "x", "k": "many"}', JSON, 400, "bad_request"),
    (b'{"question": "x", "k": 1.5}', JSON, 400, "bad_request"),
    (b'{"question": "x", "k": true}', JSON, 400, "bad_request"),
    (b'{"question": "x", "k": null}', JSON, 400, "bad_request"),
    (b'{"question": "x", "k": 1' + b"0" * 5000 + b"}", JSON, 400, "bad_request"),
    (b'{"question": 5}', JSON, 400, "bad_request"),
    (b'{"question": "x", "top_k": 5}', JSON, 400, "bad_request"),
    (b"{}", JSON, 400, "bad_request"),
    (b"[1, 2]", JSON, 400, "bad_request"),
    (b'"text"', JSON, 400, "bad_request"),
    (b"null", JSON, 400, "bad_request"),
    (b"{", JSON, 400, "bad_request"),
    (b"", JSON, 400, "bad_request"),
    (b"[" * 60_000, JSON, 400, "bad_request"),
    (b"\xff\xfe", JSON, 400, "bad_request"),
    (b'{"question": "x"}', "text/plain", 415, "unsupported_media_type"),
    (b"question=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    (b'{"question": "' + b"x" * 65_536 + b'"}', JSON, 413, "body_too_large"),
]
BAD_ADDRESSES = [
    ("/api/ask", 400, "bad_request"),
    ("/api/ask?q=", 400, "bad_question"),
    ("/api/ask?q=%3F", 400, "bad_question"),
    ("/api/ask?q=a%00b", 400, "bad_question"),
    ("/api/ask?q=" + "x" * 1001, 400, "bad_question"),
    ("/api/ask?q=x&k=0", 400, "bad_request"),
    ("/api/ask?q=x&k=-1", 400, "bad_request"),
    ("/api/ask?q=x&k=1001", 400, "bad_request"),
    ("/api/ask?q=x&k=many", 400, "bad_request"),
    ("/api/ask?q=x&k=", 400, "bad_request"),
    ("/api/ask?question=x", 400, "bad_request"),
    ("/nowhere", 404, "not_found"),
    ("/api/ask/", 404, "not_found"),
    ("/static/../app.py", 404, "not_found"),
]
