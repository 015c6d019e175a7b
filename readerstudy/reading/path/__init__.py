"""A reader's path around the cases: consent, profile, tutorial, practice, pauses, last questions, certificate."""
