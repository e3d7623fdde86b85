"""What AWS answers, as types: one file per service, one class per operation.

What an operation always sends is required: an answer without it was cut, or is somebody else's,
and nothing may be concluded from it. What AWS leaves out at times has a default, and a comment that
says when. A class is named after its operation, and has only what is used here; AWS may send more.
"""
