"""Every error that a user sees. Imports nothing; holds no behaviour.

QAError
├── BadQuestion           ask again, differently
├── DocumentMissing       look for the document among all of them
├── CorpusUnknown         name one of the corpora that may be asked
├── BadQuestionSet        name another file of questions, or mend it
├── RequirementMissed     the measures are below what was required
├── BadSettings           change an option
├── CorpusMissing         name another corpus, or add texts to it
├── DocumentsWouldGo      name what was left out too, or say that it is to go
├── SourceUnreachable     mend an address, or try again; the copies that were there stay
├── UnreadableDocument    mend or remove one file or line; the others go on
├── PluginUnusable        mend or uninstall the package that adds it
├── EmbedderUnusable      reinstall the bundled model, or name another folder
├── ReaderUnusable        reinstall the package, or go without a reader
├── KeysUnusable          mend or make the file of keys
├── GapsUnusable          name another file for what was not found
├── IndexMissing          build an index
├── IndexMismatch         rebuild the index, or use the embedder that made it
├── IndexDamaged          rebuild the index
├── IndexLocked           wait for the other build
├── IndexUnwritable       free space, or mend the folder's permissions
├── IndexGone             ask again: another generation has taken the place of the one that was asked
├── DatabaseAway          ask again when the database of the index is back
└── ServerUnstartable     choose another host or port

A message says what happened, both values where two disagree, and what to do next. An unknown *word* is no
error: it is what the Note is for.
"""


class QAError(Exception):
    """The root. ``code`` names the kind of error for programs; ``str(error)`` is one line for a person."""

    code = "error"


class BadQuestion(QAError):
    """The question, or a parameter asked with it, cannot be answered as it stands."""

    code = "bad_question"


class DocumentMissing(QAError):
    """There is no such document, or no such passage, in the index."""

    code = "not_found"


class CorpusUnknown(QAError):
    """There is no corpus of this name, or none that may be asked."""

    code = "corpus_unknown"


class BadQuestionSet(QAError):
    """A file of questions or judgments cannot be used."""

    code = "bad_question_set"


class RequirementMissed(QAError):
    """An evaluation's measures do not meet a requirement that was set for them."""

    code = "requirement_missed"


class BadSettings(QAError):
    """A setting is unknown or out of its bounds."""

    code = "bad_settings"


class CorpusMissing(QAError):
    """A corpus is not there, or holds nothing that can be read."""

    code = "corpus_missing"


class SourceUnreachable(QAError):
    """What lives elsewhere cannot be fetched, or may not be."""

    code = "source_unreachable"


class DocumentsWouldGo(QAError):
    """A build would remove more than a tenth of the documents, without the option that allows it."""

    code = "documents_would_go"


class UnreadableDocument(QAError):
    """One file, or one line of a file, cannot be read. ``source`` says which."""

    code = "unreadable_document"

    def __init__(self, source: str, reason: str) -> None:
        """Keep the place apart from the reason, so that a summary can list both."""
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class PluginUnusable(QAError):
    """A package that adds a parser, a store or an embedder cannot be loaded."""

    code = "plugin_unusable"


class EmbedderUnusable(QAError):
    """A model folder is missing, incomplete or not the model it claims to be."""

    code = "embedder_unusable"


class ReaderUnusable(QAError):
    """The weights of a reader are missing or not what was shipped."""

    code = "reader_unusable"


class FeedbackUnusable(QAError):
    """The file of feedback cannot be written, is full, or is none."""

    code = "feedback_unusable"


class KeysUnusable(QAError):
    """The file of keys is missing, or none."""

    code = "keys_unusable"


class GapsUnusable(QAError):
    """The file of what was asked and not found cannot be written, is full, or is none."""

    code = "gaps_unusable"


class TooManyPictures(QAError):
    """More pages are asked for than are drawn at a time."""

    code = "too_many_pictures"


class IndexMissing(QAError):
    """There is no index in the folder."""

    code = "index_missing"


class IndexMismatch(QAError):
    """The index was made by another embedder or another version."""

    code = "index_mismatch"


class IndexDamaged(QAError):
    """A file of the index is missing or not what the manifest says."""

    code = "index_damaged"


class IndexLocked(QAError):
    """Another process is building in the same folder."""

    code = "index_locked"


class IndexUnwritable(QAError):
    """The index folder cannot be written: permissions, a full disk, a file in the way."""

    code = "index_unwritable"


class IndexGone(QAError):
    """The database no longer has the generation that was asked, or does not have it yet."""

    code = "index_gone"


class DatabaseAway(QAError):
    """No host of the index's database answers in time."""

    code = "database_away"


class ServerUnstartable(QAError):
    """The server cannot listen on the address that it was given."""

    code = "server_unstartable"
