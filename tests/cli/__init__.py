"""Tests of explainer/cli."""
