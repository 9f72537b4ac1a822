"""Engines: what makes time advance. None knows of another."""
