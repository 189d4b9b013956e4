"""Papers of the desk: records in, text or bytes out. No database and no clock; every instant comes from the record."""
