"""Measures how fast Peerpost is and what it costs, compared with the alternatives."""
