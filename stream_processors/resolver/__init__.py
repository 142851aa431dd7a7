"""The resolver: asks the national population service about people whom the registry does not know, beside the pipeline and
never in its way, and tells late links."""
