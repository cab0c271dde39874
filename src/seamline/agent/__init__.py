"""Drivers that run the device core for real: asyncio on Linux, one node or thousands of devices in a process."""
