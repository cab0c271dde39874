"""The visibility kernel: its C source, and the WebAssembly module made of it by tools/kernel.py."""
