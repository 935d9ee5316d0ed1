"""HTTP at the edge. In: requests. Out: responses. Never: decides anything itself; it parses, calls one function and renders."""
