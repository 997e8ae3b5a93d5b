"""What is signed: round trips, and the vectors that every implementation reads."""
