"""The gate: the contract's checks, its bad days and the versions in the field, judged together as one verdict.

- `subject` reads a product's folder; `criteria` says what is asked at each stage; `judge.judge` asks it all and returns a `Verdict`.
- A module for each stage (`mapped`, `built`, `hardened`, `launched`, `locked`) turns what it finds into judgements with their evidence.
- `questions` answers the seven questions from the contract and from those judgements.
- `report` says it all as HTML, JUnit XML, Markdown and JSON.

Nothing here prints or writes files but `report.write`.
"""
