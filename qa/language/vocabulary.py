"""The words that questions are made of, as stems: a corpus need not have them, for none is what is asked about."""

from qa.language.words import ENGLISH_WORDS

stems = ENGLISH_WORDS.stems

# Nouns that say nothing alone: of a "… model" or "… syndrome", that the texts have "model" tells nothing.
NAMING_HEADS = frozenset(
    stems(
        "model theory method therapy technique approach framework syndrome disorder effect principle system "
        "scale protocol program programme hypothesis paradigm treatment intervention test index inventory "
        "law rule algorithm doctrine school movement institute association act procedure interface engine analysis "
        "network"
    )
)

# Words of questions, which no corpus needs to have for a question to be answerable.
QUESTION_WORDS = frozenset(
    stems(
        "what who whom whose which when where why how is are was were be been being do does did can could "
        "am will would shall should may might must tell explain describe define definition discuss mean meaning "
        "give show list name find know help please question answer example examples detail details "
        "information overview summary introduction idea ideas main key evidence concept history origin "
        "founder inventor creator purpose role use used work works working difference differ compare comparison relate "
        "related "
        "relationship develop developed invent invented create created found founded call called make made "
        "kind kinds type types way ways thing things lot something anything someone anyone people person "
        "different similar various certain possible best good better main important new more most many much "
        "vs versus some any other such same own just also even only really very me my i you your we our it its they "
        "have has had having not no too so if then than there here because but or please thanks meant yesterday today "
        "recently somewhere everything everyone nothing ever real"
    )
)

# Verbs of such questions beside those: what they say of a term is not part of it.
ASKING_VERBS = frozenset(
    stems(
        "come go originate exist happen begin start arise propose introduce establish coin publish support prove "
        "recommend apply practise practice perform conduct measure say think learn read hear understand look like want "
        "need get offer provide claim state argue criticise criticize write wrote speak stand clarify elaborate "
        "summarise summarize outline teach talk mention cover contain consist involve include design pioneer devise "
        "formulate discover conceive came take took taken "
        "discuss test study appear seek search know"
    )
)

# What calls for a verb behind it, and what such a question has before it: "How does poverty affect …".
CALLING_VERBS = frozenset(
    {"do", "does", "did", "can", "could", "will", "would", "shall", "should", "may", "might", "must"}
)
BEFORE_CALLING = frozenset({"how", "why", "when", "where", "what"})
SUBJECT_PRONOUNS = frozenset({"i", "you", "he", "she", "it", "we", "they"})

# Words of questions that are verbs more often than the heads of terms.
SAYING = frozenset(stems("work use help mean change matter"))

# Small words within a name of capitals, as they are written: "Tetralogy of Fallot".
CONNECTORS = frozenset({"of", "and", "&", "the", "de", "la", "von", "van", "with"})

# Small words, which no part of a term begins or ends with, and which no text is said to lack.
SMALL_WORDS = frozenset(stems("and of in for the to on with a an de la von van"))

# Those that join two capitals to one name; "and" joins two names as often.
NAME_CONNECTORS = frozenset({"of", "the", "for", "de", "la", "von", "van"})

# What joins a question to the one before it.
JOINING = frozenset({"and", "but", "or", "also", "so", "then"})
JOINING_PAIRS = frozenset({("what", "about"), ("how", "about")})

# What points back to something said before.
POINTING_BACK = frozenset(
    {"it", "its", "they", "them", "their", "theirs", "this", "that", "these", "those"}
    | {"he", "him", "his", "she", "her"}
)
