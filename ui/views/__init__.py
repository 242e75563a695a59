"""The views of the page, each a function that draws one for a visit."""
