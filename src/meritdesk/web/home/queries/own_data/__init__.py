"""A complete copy of one's own data (个人信息保护法 art. 45): what is copied, what is not and why, and the files."""
