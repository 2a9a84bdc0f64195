"""What the pages remember and what they can be told to do.

Anybody can call any handler with anything, without opening a page: each one asks who is signed in and checks what it
was given (`whahook_app.states.guard`). Public variables go to the browser; those with an underscore stay here.
"""
