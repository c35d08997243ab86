"""Today's practice: nobody knows."""
