"""Programs printed as text for LLVM, over vectors of draws."""
