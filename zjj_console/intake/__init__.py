"""What comes in from other systems and goes out to them: files of cases, and the demo night."""
