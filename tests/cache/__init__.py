"""Tests of explainer/privacy."""
