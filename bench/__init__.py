"""The benchmark: the same load on Genesis-Flow and on its peers, in one sitting."""
