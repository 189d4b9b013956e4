"""政务微信: the messenger's gateway. Sends what waits in the outbox and reads what is reported; never holds the desk."""
