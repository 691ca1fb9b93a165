# imports/ -- what a person brings from a file, of Parley or of another product.
