"""People: how they get in, what they are asked, what they may do, and how they leave no trace."""
