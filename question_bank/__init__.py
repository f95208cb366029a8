"""Topics, statutes, questions, editions and quizzes; has never heard of an event."""
