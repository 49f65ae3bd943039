"""Call lists (回访、外呼): numbers that the hotline calls, by agents who preview them or as agents come free."""
