"""The hub's HTTP edge: the API under `/api`, its event stream, and the built pages at `/`.

`app.create_app(context)` builds the application, `server.serve(context, …)` runs it on the loopback interface. Nothing
here decides anything: presence, books and twin states are computed by the pure functions of `seamline.hub`.
"""
