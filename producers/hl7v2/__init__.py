"""HL7 v2 (2.1 to 2.9): reader, translator of visits, results, appointments and referrals, answers, MLLP server."""
