"""Plain, slow checkers of each kind of certificate, written from the documents and the textbooks."""
