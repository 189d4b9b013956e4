"""The `zjj` command, one file per group. Heavy parts are imported by the command that needs them."""
