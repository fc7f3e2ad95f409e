"""Tests of explainer/capture, and stand-ins for tshark that misbehave."""
