"""What `seamline site new` starts with: a plan with a comment at each decision, and a small survey."""
