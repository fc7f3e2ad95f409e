"""Tests of explainer/llm."""
