# queries/ -- databases of the operator that agents may query: what a query may be, and how it is run there.
