"""Language server of TQL: diagnostics, fixes, completion, hover and more for editors."""
