"""The screens. A screen shows and offers; it knows no rule: every action is a line that the desk previews and runs."""
