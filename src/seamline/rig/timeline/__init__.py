"""What happened in a run, to be read: who did what when, as text and as a page that draws it."""
