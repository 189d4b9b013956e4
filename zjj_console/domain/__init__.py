"""The rules of a case: states, steps, clocks, permissions. Pure: no I/O, no wall clock, no text of a screen."""
