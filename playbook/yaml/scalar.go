package yaml

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/source"
	"drover/playbook/value"
)

// The patterns of YAML 1.1's implicit types, as PyYAML narrows them.
var (
	boolWords = map[string]value.Bool{
		"yes": true, "Yes": true, "YES": true, "no": false, "No": false, "NO": false,
		"true": true, "True": true, "TRUE": true, "false": false, "False": false, "FALSE": false,
		"on": true, "On": true, "ON": true, "off": false, "Off": false, "OFF": false,
	}
	intPattern = lazyre.New(`^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)

	floatPattern = lazyre.New(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?` +
		`|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?` +
		`|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*` +
		`|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
)

// resolvePlain gives the value of an unquoted scalar, or nil for text.
func resolvePlain(s string) value.Value {
	if s == "" {
		return value.None
	}
	switch c := s[0]; {
	case c == '~' || c == 'n' || c == 'N':
		if s == "~" || s == "null" || s == "Null" || s == "NULL" {
			return value.None
		}
		fallthrough
	case strings.IndexByte("yYtTfFoO", c) >= 0:
		if b, ok := boolWords[s]; ok {
			return b
		}
		return nil
	case c == '.' || c == '-' || c == '+' || c >= '0' && c <= '9':
		return resolveNumber(s)
	}
	return nil
}

func resolveNumber(s string) value.Value {
	if floatPattern.MatchString(s) {
		if f, ok := parseFloat(s); ok {
			return f
		}
	}
	if intPattern.MatchString(s) {
		if n, ok := parseInt(s); ok {
			return n
		}
	}
	return nil
}

// parseInt reads an integer in any notation of YAML 1.1.
func parseInt(s string) (value.Value, bool) {
	s = strings.ReplaceAll(s, "_", "")
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = strings.TrimPrefix(s[:1], "+"), s[1:]
	}
	base := 10
	switch {
	case strings.HasPrefix(s, "0b"):
		base, s = 2, s[2:]
	case strings.HasPrefix(s, "0x"):
		base, s = 16, s[2:]
	case strings.Contains(s, ":"):
		n, ok := sexagesimal(s)
		if sign == "-" {
			n.Neg(n)
		}
		return value.NewInt(n), ok
	case len(s) > 1 && s[0] == '0':
		base = 8
	}
	n, ok := new(big.Int).SetString(sign+s, base)
	if !ok {
		return nil, false
	}
	return value.NewInt(n), true
}

// sexagesimal reads 1:30:05 as hours, minutes and seconds, in units of the last.
func sexagesimal(s string) (*big.Int, bool) {
	sum := new(big.Int)
	for part := range strings.SplitSeq(s, ":") {
		n, ok := new(big.Int).SetString(part, 10)
		if !ok {
			return sum, false
		}
		sum.Mul(sum, big.NewInt(60)).Add(sum, n)
	}
	return sum, true
}

func parseFloat(s string) (value.Value, bool) {
	s = strings.ToLower(strings.ReplaceAll(s, "_", ""))
	sign := 1.0
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = -1, s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	switch {
	case s == ".inf":
		return value.Float(math.Inf(int(sign))), true
	case s == ".nan":
		return value.Float(math.NaN()), true
	case strings.Contains(s, ":"):
		sum := 0.0
		for part := range strings.SplitSeq(s, ":") {
			f, err := strconv.ParseFloat(part, 64)
			if err != nil {
				return nil, false
			}
			sum = sum*60 + f
		}
		return value.Float(sign * sum), true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, false
	}
	return value.Float(sign * f), true
}

// HasMarkup reports whether trusted text has anything to evaluate.
func HasMarkup(s string) bool {
	i := strings.IndexByte(s, '{')
	for i >= 0 && i+1 < len(s) {
		if c := s[i+1]; c == '{' || c == '%' || c == '#' {
			return true
		}
		next := strings.IndexByte(s[i+1:], '{')
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

// Text gives trusted text as a value: a *value.Template when it has markup,
// else a Str.
func Text(s string, pos source.Pos) value.Value {
	if HasMarkup(s) {
		return &value.Template{Src: s, Pos: pos}
	}
	return value.Str(s)
}
