"""What a page shows of a thing, made from what the services return: pure functions, texts in the viewer's language.

Times leave here as ISO 8601 in UTC: only the browser knows the viewer's clock and time zone.
"""
