package yaml

import "drover/playbook/value"

// resolveTimestamp gives the date or time that an unquoted scalar stands for,
// or nil.
func resolveTimestamp(string) value.Value { return nil }
