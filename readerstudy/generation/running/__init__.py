"""Calls as they are paced, paid for, made and counted."""
