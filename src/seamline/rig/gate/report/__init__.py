"""The verdict as texts: `html` for people, `junit` for continuous integration, `markdown` for a pull request, `document` as JSON.

Each module's `rendered(verdict)` is a pure function to one text; `write.save` puts them into files.
"""
