"""What people say to each other: questions, announcements, the mentors' queue, feed, calendar."""
