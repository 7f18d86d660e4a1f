"""RDF documents and SPARQL, bounded in size and without a way to the network or to files (rdflib lives here)."""
