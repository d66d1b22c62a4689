"""Rules of the check, a module for each subject."""
