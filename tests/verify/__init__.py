"""Tests of the offline check of a round."""
