"""Teams: made, joined, looked for; whoever is in one works on its project and its answers."""
