"""What was dissected and found before, so that a second question about the same capture is answered at once."""
