"""What Peerpost's users pay in time and money, beside what they would pick instead."""
