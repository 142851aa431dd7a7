"""DICOM: what a PACS or a modality sends, as one imaging document per study. Pixel data is never read or kept."""
