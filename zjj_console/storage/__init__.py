"""The database: journal, projections, read queries, migrations, backup. SQLite through pysqlite3."""
