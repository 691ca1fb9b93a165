# pool.py -- what all contenders have in common besides the database.
POOL_SIZE = 10
