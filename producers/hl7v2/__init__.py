"""HL7 v2 (2.1 to 2.9): reader, ADT and ORU translator, acknowledgement, MLLP listener."""
