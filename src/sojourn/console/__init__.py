"""Pages at the edge. In: requests of persons at a browser. Out: HTML with the answers of `api`. Never: a number that a script could not fetch."""
