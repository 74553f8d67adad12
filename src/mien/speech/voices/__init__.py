"""The speech engines that come with Mien; reached only through `mien.plugins`."""
