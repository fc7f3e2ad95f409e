"""Tests of explainer/brief, and small analyses to test with."""
