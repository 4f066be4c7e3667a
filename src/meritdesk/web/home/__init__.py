"""What each person has to do next, search, notices, and the frame around every page."""
