package filters

import (
	"strconv"
	"strings"

	"drover/playbook/value"
)

// atoi reads a whole number that is written in digits only.
func atoi(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// parseFloat reads digits with an optional fraction; out of range is infinite.
func parseFloat(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

// parseBool reads what module arguments take for a boolean.
func parseBool(v value.Value) (b, ok bool) {
	if n, isNum := value.AsFloat(v); isNum {
		return n == 1, n == 0 || n == 1
	}
	s, _ := value.AsString(v)
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes", "on", "1", "true", "t", "y", "1.0":
		return true, true
	case "no", "off", "0", "false", "f", "n", "0.0":
		return false, true
	}
	return false, false
}

// pythonFloat reads text as Python's float() does.
func pythonFloat(s string) (float64, bool) {
	s = strings.Trim(s, pythonSpace)
	if strings.ContainsAny(s, "xXpP") {
		return 0, false
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f, true
	}
	clean := strings.ReplaceAll(s, "_", "")
	f, err := strconv.ParseFloat(clean, 64)
	return f, err == nil && clean != s
}
