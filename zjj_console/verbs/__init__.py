"""The table of verbs and its parser: one declaration for keys, command line, menu, help, `zjj do` and the docs."""
