"""The town profile: everything that names a town, an hour, a count or a limit. Pure once loaded."""
