"""What runs a verb. The console and `zjj do` both call it; neither has a rule of its own."""
